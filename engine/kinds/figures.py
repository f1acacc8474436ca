"""Kinds of figures: tables, features, timelines, and how similar things are to each other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from engine.contract import CompareRequest, Comparison, Similarity
from engine.contract.kinds import Drawing, Face, Item, Line, Lines, Size, Span
from engine.kinds import words
from engine.kinds.bars import across, bars
from engine.kinds.text import DataKind, data_of
from engine.text.terminal import clean

MAX_COLUMNS, MAX_MEASURES = 12, 8
MAX_CELL = 24
"""Characters of one cell, at most."""


class _FigureKind(DataKind):
    """JSON with a meaning. Its kind is named by who keeps it: content alone does not tell."""

    face: Face = "supporting"
    draws_results = True

    def recognise(self, content: Any) -> None:
        """Return None."""


class TableKind(_FigureKind):
    """A table: `{"columns": [name, ...], "rows": [[value, ...], ...]}`."""

    name = "table"
    title = "table"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the first rows, numbers on the right of their column."""
        data = data_of(item)
        if not isinstance(data, Mapping) or not isinstance(rows := data.get("rows"), list):
            return None
        head = [cell(name) for name in _listed(data.get("columns"))[:MAX_COLUMNS]]
        body = [_listed(row)[:MAX_COLUMNS] for row in rows[: max(1, size.rows - 1)]]
        return Lines(tuple(table_lines(head, body)))


class FeaturesKind(_FigureKind):
    """Measured features: `{name: number, text or list of numbers}`."""

    name = "features"
    title = "features"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a line per feature; a list of numbers as a row of bars."""
        data = data_of(item)
        if not isinstance(data, Mapping):
            return None
        width = max([len(cell(name)) for name in data], default=0)
        shown = list(data.items())[: size.rows]
        room = max(8, size.columns - width - 2)
        lines = [(Span(cell(n).ljust(width + 2), "muted"), _feature(v, room)) for n, v in shown]
        return Lines(tuple(lines))


class TimelineKind(_FigureKind):
    """Stretches of time: `[{"start": seconds, "end": seconds, "label": text}, ...]`."""

    name = "timeline"
    title = "timeline"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a line per stretch, each with a bar where it is in time."""
        found = [s for entry in _listed(data_of(item)) if (s := _stretch(entry))]
        if not found:
            return None
        end = max(stop for _, stop, _ in found) or 1.0
        width = min(MAX_CELL, max(len(label) for _, _, label in found))
        room = max(4, size.columns - width - 18)
        return Lines(tuple(_time_line(s, end, width, room) for s in found[: size.rows]))


class SimilarityKind(_FigureKind):
    """Similarity of files to each other: the result of the step that compared them."""

    name = "similarity"
    title = "similarity"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a square of numbers for each measure."""
        images = CompareRequest.model_validate(item.request).images[:MAX_COLUMNS]
        found = Comparison.model_validate(data_of(item)).likenesses[:MAX_MEASURES]
        names = [cell(item.names.get(image.hash, image.hash[:8])) for image in images]
        return Lines(tuple(line for measure in found for line in _square(measure, names)))


def table_lines(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[Line]:
    """Return rows as lines of a table, numbers to the right.

    Args:
        head: Names of the columns; empty for none.
        rows: Values of any JSON type, row by row.
    """
    texts = [[cell(value) for value in row] for row in rows]
    count = max([len(head), *(len(row) for row in texts)], default=0)
    widths = [max([len(row[n]) for row in [head, *texts] if n < len(row)]) for n in range(count)]
    right = [all(_is_number(row[n]) for row in rows if n < len(row)) for n in range(count)]

    def line(row: Sequence[str], *, is_head: bool) -> Line:
        padded = (
            text.rjust(widths[n]) if right[n] else text.ljust(widths[n])
            for n, text in enumerate(row)
        )
        return (Span("  ".join(padded).rstrip(), "muted" if is_head else ""),)

    heading = [line(head, is_head=True)] if head else []
    return [*heading, *(line(row, is_head=False) for row in texts)]


def cell(value: Any) -> str:
    """Return a value of any JSON type as a short text that is safe to measure and to show."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    text = words.number(value) if _is_number(value) else str(value)
    return clean(text, MAX_CELL)


def _feature(value: Any, room: int) -> Span:
    numbers = [float(v) for v in value if _is_number(v)] if isinstance(value, list) else []
    if not numbers or len(numbers) != len(value):
        return Span(cell(value))
    numbers = numbers[: max(1, room)]
    low, high = min(numbers), max(numbers)
    levels = [(v - low) / (high - low) if high > low else 0.5 for v in numbers]
    ((drawn,),) = bars([0.1 + 0.9 * level for level in levels], 1)
    return drawn


def _stretch(entry: Any) -> tuple[float, float, str] | None:
    """Start, end and label of a stretch of time; None if it is not one."""
    found = _mapping(entry)
    start, end = found.get("start"), found.get("end")
    if not _is_number(start) or not _is_number(end) or not 0 <= start <= end:
        return None
    return float(start), float(end), cell(found.get("label") or "")


def _time_line(stretch: tuple[float, float, str], end: float, width: int, room: int) -> Line:
    start, stop, label = stretch
    before = int(start / end * room)
    bar = across((stop - start) / end, room)[: room - before]
    times = f"{words.length(start)}–{words.length(stop)}"
    return (
        Span(label.ljust(width + 2)),
        Span(" " * before + bar, "accent"),
        Span(f"  {times}", "muted"),
    )


def _square(measure: Similarity, names: Sequence[str]) -> list[Line]:
    """One measure: its name, and a square of numbers with a row and a column for each name."""
    more = "more" if measure.higher_is_more_similar else "less"
    heading = (Span(f"{cell(measure.measure)}: higher is {more} alike", "strong"),)
    rows = [
        [name, *values[: len(names)]] for name, values in zip(names, measure.values, strict=False)
    ]
    return [heading, *table_lines(["", *names], rows)]


def _is_number(value: Any) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
