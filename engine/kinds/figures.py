"""Kinds of figures: tables, measures, timelines, and how similar things are to each other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from engine.contract import CompareRequest, Comparison, Similarity
from engine.contract.bars import across
from engine.contract.kinds import Drawing, Face, Item, Line, Lines, Size, Span
from engine.contract.timeline import Timeline, TimelineSection
from engine.kinds.text import DataKind, data_of
from engine.text import quantities
from engine.text.terminal import clean

MAX_COLUMNS, MAX_MEASURES = 12, 8
MAX_CELL = 24
MAX_ROWS = 40
"""Characters of one cell, at most."""


class FigureKind(DataKind):
    """JSON with a meaning. Its kind is named by who keeps it: content alone does not tell."""

    face: Face = "supporting"
    draws_results = True

    def recognise(self, content: Any) -> None:
        """Return None."""


class TableKind(FigureKind):
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


class MeasuresKind(FigureKind):
    """Measures of several things, 0 to 100: `[{name: number or null, ...}, ...]`.

    A whole number is a count, and has no bar. A result with a list `measures` is drawn by it.
    """

    name = "measures"
    title = "measures"

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return a line per measure, with a bar and a number for each thing."""
        data = data_of(item)
        if isinstance(data, Mapping):
            data = data.get("measures")
        things = [_mapping(one) for one in _listed(data)][:MAX_COLUMNS]
        known = dict.fromkeys(name for one in things for name in one)
        names = [name for name in known if _is_measure(name, things)][:MAX_ROWS]
        if not things or not names:
            return None
        label = max(len(cell(name)) for name in names) + 2
        each = max(6, min(20, (size.columns - label) // len(things)))
        head = "".join(f"{number:>3}{'':<{each - 3}}" for number in range(1, len(things) + 1))
        lines: list[Line] = [(Span(" " * label + head.rstrip(), "muted"),)]
        lines += [
            _measure_line(name, label, [one.get(name) for one in things], each) for name in names
        ]
        return Lines(tuple(lines))


class TimelineKind(FigureKind):
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

    def timeline(self, item: Item) -> Timeline | None:
        """Return the stretches as sections."""
        stretches = [s for entry in _listed(data_of(item)) if (s := _stretch(entry))]
        end = max((stop for _, stop, _ in stretches), default=0.0)
        if not end:
            return None
        return Timeline(end, tuple(TimelineSection(*stretch) for stretch in sorted(stretches)))


class SimilarityKind(FigureKind):
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
    right = [all(is_number(row[n]) for row in rows if n < len(row)) for n in range(count)]

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
    text = quantities.number(value) if is_number(value) else str(value)
    return clean(text, MAX_CELL)


def _is_measure(name: str, things: Sequence[Mapping[str, Any]]) -> bool:
    values = [one.get(name) for one in things]
    return any(is_number(v) for v in values) and all(
        v is None or (is_number(v) and 0 <= v <= 100) for v in values
    )


def _measure_line(name: str, label: int, values: Sequence[Any], each: int) -> Line:
    spans = [Span(cell(name).ljust(label), "muted")]
    for value in values:
        number = f"{_figure(value):>3} "
        bar = across(value / 100, max(1, each - 6)) if isinstance(value, float) else ""
        spans += [Span(number), Span(f"{bar:<{each - 4}}", "accent")]
    return tuple(spans)


def _figure(value: Any) -> str:
    if not is_number(value):
        return "–"
    return f"{value:.0f}" if value == 0 or value >= 1 else f"{value:.1f}".lstrip("0")


def _stretch(entry: Any) -> tuple[float, float, str] | None:
    """Start, end and label of a stretch of time; None if it is not one."""
    found = _mapping(entry)
    start, end = found.get("start"), found.get("end")
    if not is_number(start) or not is_number(end) or not 0 <= start <= end:
        return None
    return float(start), float(end), cell(found.get("label") or "")


def _time_line(stretch: tuple[float, float, str], end: float, width: int, room: int) -> Line:
    start, stop, label = stretch
    before = int(start / end * room)
    bar = across((stop - start) / end, room)[: room - before]
    times = f"{quantities.length(start)}–{quantities.length(stop)}"
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


def is_number(value: Any) -> TypeGuard[float]:
    """Return True for a finite number that is not a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
