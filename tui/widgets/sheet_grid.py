"""The grid of a contact sheet: columns, the size of an image, lines that are visible."""

from dataclasses import dataclass
from functools import lru_cache

STEPS = (2, 3, 4, 6, 8, 10, 12, 16, 20)
"""Numbers of columns."""

USUAL_WIDTH = 19
"""Width of a cell in columns of the terminal, unless the operator has chosen another."""

NARROWEST = 6
"""Minimum width of a cell in columns of the terminal."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid in columns and rows of the terminal.

    Attributes:
        width: Columns of the terminal that it has.
        height: Rows of the terminal that it has.
        columns: Number of cells in a line.
        box: Columns and rows of an image.
    """

    width: int
    height: int
    columns: int
    box: tuple[int, int]

    @property
    def step(self) -> int:
        """Rows of a line of cells, with their labels."""
        return self.box[1] + 1

    @property
    def lines(self) -> int:
        """Lines of cells that are visible as a whole."""
        return max(1, self.height // self.step)

    def widths(self, column: int) -> tuple[int, int]:
        """Return begin and width of a column."""
        begin = column * self.width // self.columns
        return begin, (column + 1) * self.width // self.columns - begin

    def visible(self, top: int) -> tuple[int, int]:
        """Return the first line of cells that is visible from a row on, and how many are."""
        first = top // self.step
        return first, -(-(top + self.height) // self.step) - first


@lru_cache(16)
def grid_of(width: int, height: int, chosen: int, aspect: float) -> Grid:
    """Return the grid of an area.

    Args:
        width: Columns of the terminal, at least 1.
        height: Rows of the terminal, at least 1.
        chosen: Cells in a line that the operator has chosen; 0 for the usual number.
        aspect: Height of an image by its width.
    """
    columns = _columns(width, chosen)
    across = max(1, width // columns - 2)
    rows = round(across * aspect / 2)
    return Grid(width, height, columns, (across, max(1, min(rows, height - 1))))


def _columns(width: int, chosen: int) -> int:
    most = max(1, width // NARROWEST)
    if chosen:
        return min(chosen, most)
    fitting = [step for step in STEPS if step * USUAL_WIDTH <= width]
    return fitting[-1] if fitting else min(2, most)
