"""Files and results of steps as text, as their kinds describe and draw them."""

from collections.abc import Mapping
from typing import Any

from engine.contract.kinds import Item, Lines, Size
from engine.kinds.drawing import draw_full, facts_line, title_of
from engine.kinds.registry import kinds

__all__ = ["draws_results", "facts_of_file", "result_lines", "title_of"]


def draws_results(kind: str) -> bool:
    """Return whether a kind draws results that are not files."""
    return kinds().of(kind).draws_results


def result_lines(result: Mapping[str, Any], columns: int, rows: int) -> list[str]:
    """Return a result of a step as its kind draws it; empty if that is not text.

    Args:
        result: The result, as `show --json` has it: `kind`, `result` and `request`.
        columns: Width in cells.
        rows: Lines, at most.
    """
    item = Item(kind=result["kind"], data=result["result"], request=result["request"])
    drawing = draw_full(item, Size(columns, rows))
    if not isinstance(drawing, Lines):
        return []
    return ["".join(span.text for span in line) for line in drawing.lines[:rows]]


def facts_of_file(file: Mapping[str, Any]) -> str:
    """Return the facts of a file, as `show --json` has it, in one line."""
    return facts_line(
        Item(
            kind=file["kind"],
            media_type=file["media_type"],
            size=file["bytes"],
            width=file["width"],
            height=file["height"],
            facts=file["facts"],
        )
    )
