"""Columns of a list: their widths and their cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.cells import cell_len, set_cell_size

RowT = TypeVar("RowT")
Run = tuple[str, str]
"""Text and the name of its tone; an empty name is the list's own colour."""


@dataclass(frozen=True, slots=True)
class ListColumn(Generic[RowT]):
    """One column.

    Attributes:
        title: Its heading.
        width: Its cells; with `grow`, the minimum.
        cell: Returns its cell of a row: runs of text, cleaned.
        grow: Its share of the remaining width, 0 for none.
        right: True to align it to the right, such as numbers.
        needs: Minimum width of the list at which it is shown.
    """

    title: str
    width: int
    cell: Callable[[RowT], Sequence[Run]]
    grow: int = 0
    right: bool = False
    needs: int = 0


def layout(columns: Sequence[ListColumn[RowT]], width: int) -> list[tuple[ListColumn[RowT], int]]:
    """Return the columns that fit into `width` cells, one cell apart, with their widths."""
    shown = [column for column in columns if column.needs <= width]
    spare = width - sum(column.width + 1 for column in shown) + 1
    shares = sum(column.grow for column in shown)
    fitted = []
    for column in shown:
        extra = max(0, spare) * column.grow // shares if shares else 0
        fitted.append((column, column.width + extra))
    return fitted


def fit(text: str, width: int) -> str:
    """Return text in exactly `width` cells; a longer one ends in an ellipsis."""
    if cell_len(text) > width:
        return set_cell_size(text, max(0, width - 1)) + "…" if width else ""
    return set_cell_size(text, width)


def fit_runs(runs: Sequence[Run], width: int, *, right: bool = False) -> list[Run]:
    """Return runs in exactly `width` cells."""
    used = sum(cell_len(text) for text, _ in runs)
    if right and used < width:
        return [(" " * (width - used), ""), *runs]
    fitted: list[Run] = []
    left = width
    for text, tone in runs:
        cells = cell_len(text)
        if cells > left:
            fitted.append((fit(text, left), tone))
            return fitted
        fitted.append((text, tone))
        left -= cells
    return [*fitted, (" " * left, "")] if left else fitted
