"""Kind `step-events`: steps of a film, as a detector has seen them or as they were laid."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.contract.kinds import Drawing, Item, Line, Lines, Size, Span
from engine.contract.rows import LABEL, row
from engine.kinds.figures import FigureKind, is_number
from engine.kinds.text import data_of
from engine.text import quantities
from engine.text.terminal import clean

MAX_EVENTS = 10_000
"""Events that are drawn."""

MAX_NOTES = 6

_FEET = {"LEFT": "left", "RIGHT": "right"}
_LEVELS = "▁▂▃▄▅▆▇█"
_SIDES = 5


class StepEventsKind(FigureKind):
    """Steps over time, by foot; of steps that were laid, also their direction and level."""

    name = "step-events"
    title = "steps"
    rows = 4

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the number of events and the length of the film."""
        known = {name: value for name, value in item.facts.items() if not isinstance(value, str)}
        names = [("events", str(known["events"]))] if "events" in known else []
        return (
            [*names, ("film", quantities.length(known["seconds"]))] if "seconds" in known else names
        )

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a row of marks for each foot, then directions and levels, then a scale of time."""
        document = data_of(item)
        steps = list(_steps(document))[:MAX_EVENTS]
        if not steps:
            return None
        columns = max(10, size.columns - LABEL - 1)
        end = max(_end(document), *(step["time"] for step in steps)) or 1.0
        lines = [*_feet(steps, end, columns), *_directions(steps, end, columns)]
        lines += [*_levels(steps, end, columns), _scale(end, columns), *_notes(document)]
        return Lines(tuple(lines))


def _steps(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield time, foot, azimuth and gain of each step of a file of events, or of a result."""
    for entry in _entries(document):
        time = entry.get("time", entry.get("timestamp"))
        if is_number(time) and time >= 0:
            foot = str(entry.get("foot", entry.get("foot_side")))
            yield {**entry, "time": float(time), "foot": _FEET.get(foot, "")}


def _entries(document: Any) -> Iterator[Mapping[str, Any]]:
    by_name = document if isinstance(document, Mapping) else {"events": document}
    lists = (by_name.get(name) for name in ("steps", "events", "spatial_data"))
    entries: Any = next((one for one in lists if isinstance(one, list)), [])
    yield from (one for one in entries if isinstance(one, Mapping))


def _end(document: Any) -> float:
    film = document.get("video_info") if isinstance(document, Mapping) else None
    seconds = document.get("seconds") if isinstance(document, Mapping) else None
    if isinstance(film, Mapping):
        seconds = film.get("duration")
    return float(seconds) if is_number(seconds) and seconds > 0 else 0.0


def _column(step: Mapping[str, Any], end: float, columns: int) -> int:
    return min(columns - 1, int(step["time"] / end * columns))


def _feet(steps: Sequence[Mapping[str, Any]], end: float, columns: int) -> Iterator[Line]:
    names = [foot for foot in ("left", "right", "") if any(s["foot"] == foot for s in steps)]
    for foot in names:
        marks = [" "] * columns
        for step in steps:
            if step["foot"] == foot:
                marks[_column(step, end, columns)] = "●"
        yield row(foot or "steps", Span("".join(marks).rstrip(), "accent"))


def _directions(steps: Sequence[Mapping[str, Any]], end: float, columns: int) -> Iterator[Line]:
    """Yield rows from the left at the top to the right at the bottom, with a mark per step."""
    known = [step for step in steps if is_number(step.get("azimuth"))]
    if not known:
        return
    widest = max(30.0, *(abs(step["azimuth"]) for step in known))
    rows = [[" "] * columns for _ in range(_SIDES)]
    for step in known:
        at = round((step["azimuth"] / widest + 1) / 2 * (_SIDES - 1))
        rows[at][_column(step, end, columns)] = "•"
    labels = [f"{-widest:.0f}°", "", "0°", "", f"+{widest:.0f}°"]
    for label, marks in zip(labels, rows, strict=True):
        yield row(label, Span("".join(marks).rstrip()))


def _levels(steps: Sequence[Mapping[str, Any]], end: float, columns: int) -> Iterator[Line]:
    known = [step for step in steps if is_number(step.get("gain"))]
    if not known:
        return
    marks = [" "] * columns
    for step in known:
        level = round(min(1.0, max(0.0, step["gain"])) * (len(_LEVELS) - 1))
        marks[_column(step, end, columns)] = _LEVELS[level]
    yield row("level", Span("".join(marks).rstrip(), "accent"))


def _scale(end: float, columns: int) -> Line:
    last = quantities.length(end)
    return row("", Span(f"0:00{last:>{max(1, columns - 4)}}", "muted"))


def _notes(document: Any) -> Iterator[Line]:
    notes = document.get("notes") if isinstance(document, Mapping) else None
    for number, note in enumerate(list(notes)[:MAX_NOTES] if isinstance(notes, list) else []):
        yield row("" if number else "notes", Span(clean(str(note), 300), "muted"))
