"""Frames of a film: each depends on the plan, the images, the clips and its number only."""

from typing import TYPE_CHECKING

from engine.video.cuts import Scene, Timeline, frame_at
from engine.video.effects.amounts import TOGETHER, finish_of, scene_amounts
from engine.video.effects.bloom import add_bloom
from engine.video.effects.clock import SongClock
from engine.video.effects.colour import planes_of
from engine.video.effects.lyrics import Lyrics
from engine.video.effects.morph import flow_between, morph
from engine.video.effects.motion import moment_of
from engine.video.effects.transitions import View, join
from engine.video.plan import FilmPlan, Shot
from engine.video.sources import Clips, ShotFrames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.video.sources import Images

    Frame = NDArray[np.uint8]


class FilmRenderer:
    """Renders frames of a film in any order, in one thread.

    Frames in order are faster: images and clips are kept from one frame to the next.
    """

    def __init__(self, plan: FilmPlan, images: "Images", clips: Clips = ()) -> None:
        import cv2

        cv2.setNumThreads(1)
        self.plan = plan
        self.clock = SongClock(plan.signals, plan.rate)
        self.shots = ShotFrames(plan, images, clips)
        self._timeline = Timeline(plan)
        self._lyrics = Lyrics(plan)
        self._flows: dict[int, NDArray[np.float32]] = {}

    def planes(self, frame: int) -> "Frame":
        """Return a frame as I420 (BT.709, limited range), of shape (1.5 * height, width)."""
        scene = self._timeline.scene_at(frame)
        amounts = scene_amounts(self.plan, self.clock, scene, frame)
        picture = self._picture(scene, frame)
        if amounts.bloom:
            add_bloom(picture, amounts.bloom)
        self._lyrics.draw(picture, frame)
        return planes_of(picture, finish_of(self.plan, scene, amounts, frame))

    def close(self) -> None:
        """Close the clips."""
        self.shots.close()

    def _picture(self, scene: Scene, frame: int) -> "Frame":
        """Return the pixels of a frame, with both shots in a transition."""
        shot = self.plan.shots[scene.shot]
        before = self.plan.shots[scene.shot - 1]
        if scene.part is None or not scene.shot:
            return self._view(shot, frame)(1.0)
        if shot.transition in TOGETHER:
            views = self._view(before, frame), self._view(shot, frame)
            if shot.transition == "morph":
                return morph(views[0](1.0), views[1](1.0), self._flow(scene.shot), scene.part)
            return join(shot.transition, *views, scene.part, shot.seed)
        return self._view(before if shot.transition == "fade-to-black" else shot, frame)(1.0)

    def _view(self, shot: Shot, frame: int) -> View:
        moment = moment_of(shot, self.clock, frame)
        return lambda zoom: self.shots.frame(moment, zoom)

    def _flow(self, index: int) -> "NDArray[np.float32]":
        """Return the flow of a morph: that between the two shots at the cut."""
        if index not in self._flows:
            before, after = self.plan.shots[index - 1 : index + 1]
            cut = frame_at(after.start, self.plan.rate)
            views = (self._view(shot, cut)(1.0) for shot in (before, after))
            self._flows[index] = flow_between(*views)
        return self._flows[index]
