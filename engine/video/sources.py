"""Frames of shots before any effect: images under a moving camera, procedural visuals, clips."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.video.clips import ClipFrames
from engine.video.effects.motion import Moment, Pose, near_pose, pose_of
from engine.video.effects.picture import draw, draw_layers
from engine.video.opened import Video
from engine.video.plan import FilmPlan, PlanError
from engine.video.prepared import PreparedImage, prepared

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.video.prepared import Image

    Frame = NDArray[np.uint8]
    Images = Sequence[Image] | Mapping[int, Image]

Clips = Sequence[Video] | Mapping[int, Video]
"""Clips by index: files, or their bytes."""


class ShotFrames:
    """Frames of the shots of a film.

    Images are prepared, and clips opened, when they are first needed.
    """

    def __init__(self, plan: FilmPlan, images: "Images", clips: Clips) -> None:
        self.plan = plan
        self.film = plan.width, plan.height
        self._images = images
        self._clips = clips
        self._prepared: dict[int, PreparedImage] = {}
        self._opened: dict[int, ClipFrames] = {}

    def frame(self, moment: Moment, zoom: float = 1.0) -> "Frame":
        """Return a frame of a shot, BGRA.

        Args:
            moment: The shot and the frame.
            zoom: Zoom on top of the shot's movement, for transitions.
        """
        shot = moment.shot
        if shot.source == "image":
            return self._of_image(moment, zoom)
        frame = self._of_clip(moment) if shot.source == "clip" else self._of_visual(moment)
        return frame if zoom == 1 else draw(frame, Pose(zoom=zoom), self.film)

    def close(self) -> None:
        """Close the clips."""
        for clip in self._opened.values():
            clip.close()
        self._opened.clear()

    def _of_image(self, moment: Moment, zoom: float) -> "Frame":
        pose = pose_of(moment)
        scaled = Pose(pose.zoom * zoom, pose.x, pose.y, pose.angle)
        image = self._image(moment.shot.image)
        layers = image.layers if moment.shot.effects.parallax else None
        if layers is None:
            return draw(image.picture, scaled, self.film)
        return draw_layers(layers, scaled, near_pose(moment, scaled), self.film)

    def _image(self, index: int | None) -> PreparedImage:
        if index is None:
            raise PlanError("a shot of an image names none")
        if index not in self._prepared:
            try:
                image = self._images[index]
            except LookupError:
                raise PlanError(f"image {index} of the plan is missing") from None
            self._prepared[index] = prepared(image, self.film)
        return self._prepared[index]

    def _of_visual(self, moment: Moment) -> "Frame":
        from engine.video.procedural import draw as draw_visual

        shot, rate = moment.shot, self.plan.rate
        return draw_visual(
            shot.visual or "flow",
            self.plan.signals,
            float(moment.frame / rate),
            moment.frame,
            shot.palette,
            self.film,
            shot.seed,
            float(rate),
        )

    def _of_clip(self, moment: Moment) -> "Frame":
        index = moment.shot.clip
        if index is None:
            raise PlanError("a shot of a clip names none")
        if index not in self._opened:
            try:
                clip = self._clips[index]
            except LookupError:
                raise PlanError(f"clip {index} of the plan is missing") from None
            self._opened[index] = ClipFrames(clip, self.film)
        return self._opened[index].at(moment.shot.clip_start + moment.seconds)
