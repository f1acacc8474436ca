"""Frames of cuts, transitions, segments and excerpts of a film."""

import math
from bisect import bisect_right
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from engine.video.plan import FilmPlan

SEGMENT_SECONDS = 4
"""Length of a segment in seconds, rounded to whole frames."""


class Span(NamedTuple):
    """A range of frames.

    Attributes:
        first: The first frame.
        stop: The frame after the last.
    """

    first: int
    stop: int

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.first <= frame < self.stop

    def meets(self, other: "Span") -> bool:
        """Return True if they share a frame."""
        return self.first < other.stop and other.first < self.stop


def frame_at(seconds: float, rate: Fraction) -> int:
    """Return the frame nearest to a time: of a beat, a cut or a flash.

    It is shown at most half a frame before or after that time.
    """
    return math.floor(Fraction(seconds) * rate + Fraction(1, 2))


def time_of(frame: int, rate: Fraction) -> float:
    """Return the time of a frame in seconds."""
    return float(frame / rate)


def frames_of(plan: FilmPlan) -> int:
    """Return the number of frames of a film, at least one."""
    return max(1, frame_at(plan.seconds, plan.rate))


def shot_span(plan: FilmPlan, index: int) -> Span:
    """Return the frames from the cut to a shot up to the next cut, without its transitions."""
    shot = plan.shots[index]
    return Span(frame_at(shot.start, plan.rate), frame_at(shot.end, plan.rate))


def shot_of(plan: FilmPlan, frame: int) -> int:
    """Return the index of the shot that a frame belongs to; the last one that starts by then."""
    rate = plan.rate
    after = bisect_right(plan.shots, frame, key=lambda shot: frame_at(shot.start, rate))
    return max(after - 1, 0)


def transition_span(plan: FilmPlan, index: int) -> Span:
    """Return the frames of the transition to a shot; none for a hard cut.

    Its middle is at the cut. It takes at most half of either shot, so that two never meet. Fades
    from black and flashes start at the cut, and a fade to black ends there. The first shot of a
    film has nothing before it: only a fade from black or a flash is left.
    """
    shot = plan.shots[index]
    cut = frame_at(shot.start, plan.rate)
    length = frame_at(shot.transition_seconds, plan.rate)
    after = min(length, (shot_span(plan, index).stop - cut) // 2)
    if shot.transition in {"fade-from-black", "flash-white"}:
        return Span(cut, cut + after)
    if index == 0 or shot.transition == "hard-cut":
        return Span(cut, cut)
    before = (cut - shot_span(plan, index - 1).first) // 2
    if shot.transition == "fade-to-black":
        return Span(cut - min(length, before), cut)
    return Span(cut - min(length // 2, before), cut + min(length - length // 2, after))


def segments_of(plan: FilmPlan, seconds: float = SEGMENT_SECONDS) -> list[tuple[int, int]]:
    """Return the segments of a film, each as its first and last frame.

    All have one length but the last, so that a change of a shot leaves the others as they are.

    Args:
        plan: The film.
        seconds: Length of a segment in seconds.
    """
    step, count = max(1, round(seconds * plan.rate)), frames_of(plan)
    return [(first, min(first + step, count) - 1) for first in range(0, count, step)]


def excerpt(plan: FilmPlan, first: int, last: int) -> FilmPlan:
    """Return the part of a plan that some frames depend on.

    Those frames are the same, rendered from either. A change elsewhere in the film leaves the
    excerpt equal, and with it the fingerprint of the step that renders it. The signals stay whole.

    Args:
        plan: The film.
        first: The first frame.
        last: The last frame.
    """
    wanted = Span(first, last + 1)
    count = len(plan.shots)
    low, high = shot_of(plan, first), shot_of(plan, last)
    if low and transition_span(plan, low).meets(wanted):
        low -= 1
    if high + 1 < count and transition_span(plan, high + 1).meets(wanted):
        high += 1
    shots = plan.shots[low : high + 1]
    if low:  # nothing is left of the transition to the first shot
        shots = (replace(shots[0], transition="hard-cut", transition_seconds=0.0), *shots[1:])
    start, stop = time_of(first, plan.rate), time_of(last + 1, plan.rate)
    lyrics = tuple(line for line in plan.lyrics if line.start < stop and line.end > start)
    return replace(plan, shots=shots, lyrics=lyrics)


def images_of(plan: FilmPlan) -> tuple[int, ...]:
    """Return the indices of the images that a plan shows, ascending."""
    return tuple(sorted({shot.image for shot in plan.shots if shot.image is not None}))


def clips_of(plan: FilmPlan) -> tuple[int, ...]:
    """Return the indices of the clips that a plan shows, ascending."""
    return tuple(sorted({shot.clip for shot in plan.shots if shot.clip is not None}))


class Scene(NamedTuple):
    """The shots that a frame shows.

    Attributes:
        shot: Index of the shot, of the one after the cut in a transition.
        part: Place in the transition to that shot, above 0 and below 1; None outside of one.
    """

    shot: int
    part: float | None = None


class Timeline:
    """The cuts and transitions of a film, computed once for all frames."""

    def __init__(self, plan: FilmPlan) -> None:
        self._cuts = [frame_at(shot.start, plan.rate) for shot in plan.shots]
        self._transitions = [transition_span(plan, index) for index in range(len(plan.shots))]

    def scene_at(self, frame: int) -> Scene:
        """Return the shots that a frame shows."""
        index = max(bisect_right(self._cuts, frame) - 1, 0)
        for candidate in (index, index + 1):
            if candidate < len(self._cuts) and frame in (span := self._transitions[candidate]):
                return Scene(candidate, (frame - span.first + 0.5) / (span.stop - span.first))
        return Scene(index)
