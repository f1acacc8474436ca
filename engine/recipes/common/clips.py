"""Clips that fill a stretch of a film, in pieces of the lengths that a video model generates."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.contract.video import GeneratedVideo, VideoInfo

_SHORTEST_PART = 0.5
"""Part of a clip that is shown at least if it is cut at a bar."""

_SHORTEST_REST = 0.5
"""Seconds at the end of a stretch that are worth a clip of their own."""


@dataclass(frozen=True, slots=True)
class PlannedClip:
    """A clip to generate.

    Attributes:
        start: Time in the film at which it is shown, in seconds.
        end: Time at which it is cut.
        seconds: Length that is generated, a legal one.
    """

    start: float
    end: float
    seconds: float


def plan_clips(
    start: float, end: float, bars: Sequence[float], info: VideoInfo
) -> list[PlannedClip]:
    """Return the clips that fill a stretch, except for a rest that is too short for one.

    A stretch that is shorter than any clip has one, of which its beginning is shown.

    Args:
        start: Start of the stretch in seconds.
        end: End of the stretch.
        bars: Times at which a clip may be cut, ascending.
        info: Legal lengths.
    """
    clips: list[PlannedClip] = []
    at = start
    while at < end - 1e-6:
        length = info.longest_within(end - at)
        if length > end - at + 1e-6 and clips:
            break
        until = _cut(at, min(end, at + length), end, bars)
        clips.append(PlannedClip(at, until, length))
        at = until
    return clips


def _cut(at: float, until: float, end: float, bars: Sequence[float]) -> float:
    """Return the last bar within a clip; its end if that is the stretch's, or no bar is near."""
    if until >= end - 1e-6:
        return end
    place = bisect_right(bars, until + 1e-6) - 1
    bar = bars[place] if place >= 0 else until
    return bar if bar - at >= _SHORTEST_PART * (until - at) else until


def shown_until(plan: PlannedClip, video: GeneratedVideo) -> float:
    """Return the time until which a clip is shown: some models give less than asked for."""
    seconds = float(video.video.facts.get("seconds", plan.seconds))
    is_whole = seconds >= plan.end - plan.start - 0.1
    return plan.end if is_whole else plan.start + max(seconds, 0.1)


def cover_clips(start: float, end: float, info: VideoInfo) -> list[PlannedClip]:
    """Return the clips that cover a stretch: one if the model has one as long, else several.

    The last one may be longer than what is shown of it. A rest of less than `_SHORTEST_REST` gets
    no clip of its own: the last frame stands for it.

    Args:
        start: Start of the stretch in seconds.
        end: End of the stretch.
        info: Legal lengths.
    """
    clips: list[PlannedClip] = []
    at = start
    while end - at > (_SHORTEST_REST if clips else 1e-6):
        length = info.shortest_from(end - at)
        until = min(end, at + length)
        clips.append(PlannedClip(at, until, length))
        at = until
    return clips
