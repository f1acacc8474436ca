"""Timelines and frames by their kinds: never an error, and never text that a terminal acts on."""

import logging
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from engine.contract.kinds import Item
from engine.contract.timeline import Pairs, Timeline, TimelineSection, TimelineShot
from engine.kinds.registry import kinds
from engine.text.terminal import clean

MAX_SECTIONS, MAX_SHOTS, MAX_TIMES = 2000, 20_000, 40_000
"""Sections, shots, and beats of a timeline, at most."""

_COLOUR = re.compile("#[0-9A-Fa-f]{6}")
_SCOPE = re.compile(r"\w[\w-]{0,59}(/\w[\w-]{0,59}){0,5}")

log = logging.getLogger(__name__)


def timeline_of(item: Item) -> Timeline | None:
    """Return the timeline of an item, clean and bounded; None if it has none."""
    try:
        timeline = kinds().of(item.kind).timeline(item)
        return None if timeline is None else _safe(timeline)
    except Exception:  # damaged files, and kinds of third parties, fail in any way
        log.warning("A %s has no timeline", item.kind, exc_info=True)
        return None


def frame_of(item: Item, seconds: float, side: int) -> bytes | None:
    """Return a frame of a file at a time as an encoded image; None if there is none."""
    try:
        return kinds().of(item.kind).frame(item, seconds, side)
    except Exception:  # damaged files, and kinds of third parties, fail in any way
        log.warning("A frame of kind %s cannot be read", item.kind, exc_info=True)
        return None


def has_timeline(kind: str) -> bool:
    """Return True if things of a kind may have a timeline."""
    from engine.contract.kinds import Kind

    return type(kinds().of(kind)).timeline is not Kind.timeline


def over_time() -> list[str]:
    """Return the names of the kinds that may have a timeline or frames over time."""
    return [name for name in kinds().named if has_timeline(name) or shows_frames(name)]


def shows_frames(kind: str) -> bool:
    """Return True if a kind has frames over time."""
    from engine.contract.kinds import Kind

    return type(kinds().of(kind)).frame is not Kind.frame


def joined(timelines: Sequence[Timeline]) -> Timeline | None:
    """Return several timelines of one job as one: of each part the last that has it.

    The last timeline with shots decides the length; lanes of sections of an earlier one are kept
    for those that begin at the same time.
    """
    if not timelines:
        return None
    base = next((one for one in reversed(timelines) if one.shots), timelines[-1])
    parts = {}
    for name in ("sections", "shots", "energy", "beats", "downbeats", "marks"):
        parts[name] = next(
            (part for one in (base, *reversed(timelines)) if (part := getattr(one, name))), ()
        )
    lanes = {
        round(section.start, 2): section.lanes
        for one in timelines
        if one is not base
        for section in one.sections
    }
    sections = tuple(
        replace(one, lanes=_merged(one.lanes, lanes.get(round(one.start, 2), ())))
        for one in parts["sections"]
    )
    return Timeline(base.seconds, **{**parts, "sections": sections})


def _merged(lanes: Pairs, others: Pairs) -> Pairs:
    names = {name for name, _ in lanes}
    return (*lanes, *(pair for pair in others if pair[0] not in names))


def _safe(timeline: Timeline) -> Timeline:
    if not (math.isfinite(timeline.seconds) and timeline.seconds > 0):
        raise ValueError("a timeline has a length above 0")
    length = timeline.seconds
    return Timeline(
        seconds=length,
        sections=tuple(_section(one, length) for one in timeline.sections[:MAX_SECTIONS]),
        shots=tuple(_shot(one, length) for one in timeline.shots[:MAX_SHOTS]),
        energy=tuple(min(1.0, max(0.0, float(one))) for one in timeline.energy[:MAX_TIMES]),
        beats=_times(timeline.beats, length),
        downbeats=_times(timeline.downbeats, length),
        marks=tuple((_within(at, length), clean(name, 40)) for at, name in timeline.marks[:200]),
    )


def _section(section: TimelineSection, length: float) -> TimelineSection:
    return TimelineSection(
        start=_within(section.start, length),
        end=_within(section.end, length),
        label=clean(section.label, 60),
        scope=_scope(section.scope),
        palette=tuple(one for one in section.palette[:16] if _COLOUR.fullmatch(one)),
        lanes=tuple((clean(name, 20), clean(text, 60)) for name, text in section.lanes[:8]),
        facts=tuple((clean(name, 20), clean(text, 2000)) for name, text in section.facts[:8]),
    )


def _shot(shot: TimelineShot, length: float) -> TimelineShot:
    return TimelineShot(
        start=_within(shot.start, length),
        end=_within(shot.end, length),
        image=bytes(shot.image),
        scope=_scope(shot.scope),
        transition=clean(shot.transition, 40),
        mark=clean(shot.mark, 1) or "·",
    )


def _scope(scope: str) -> str:
    return scope if _SCOPE.fullmatch(scope) else ""


def _times(times: Iterable[float], length: float) -> tuple[float, ...]:
    return tuple(sorted(float(one) for one in tuple(times)[:MAX_TIMES] if 0 <= one <= length))


def _within(seconds: float, length: float) -> float:
    return min(length, max(0.0, float(seconds)))
