"""Colours and symbols with which a terminal draws images in its cells."""

from typing import Literal, NamedTuple

Symbols = Literal["half", "quadrants", "sextants", "octants"]
"""Symbols that a terminal has: half blocks only; with quarters and eighths; with the sextants of
Unicode 13; with the octants of Unicode 16."""

Colours = Literal["true", "256", "16", "none"]

COLUMNS, ROWS = 4, 8
"""Pixels of a cell across and down: squares, as a cell is twice as high as wide."""


class CellStyle(NamedTuple):
    """Style of cells.

    Attributes:
        colours: Number of colours; `none` for characters of rising brightness.
        symbols: Symbols to choose from.
    """

    colours: Colours
    symbols: Symbols = "half"

    @property
    def fine(self) -> tuple[int, int]:
        """Columns and rows of pixels in one cell."""
        coarse = self.symbols == "half" or self.colours == "none"
        return (1, 2) if coarse else (COLUMNS, ROWS)


def cell_style(
    color_system: str | None,
    *,
    no_color: bool,
    ascii_only: bool = False,
    symbols: Symbols = "half",
) -> CellStyle:
    """Return the style of images on a terminal.

    Args:
        color_system: Detected by Rich: `truecolor`, `256`, `standard`, `windows` or None.
        no_color: True for no colours; greys are drawn if there are enough.
        ascii_only: True if half blocks cannot be shown.
        symbols: Symbols that the terminal has.
    """
    if ascii_only or color_system is None:
        return CellStyle("none")
    if color_system in {"standard", "windows"}:
        return CellStyle("none") if no_color else CellStyle("16", symbols)
    return CellStyle("256" if color_system == "256" else "true", symbols)


def pixels_of(columns: int, rows: int, style: CellStyle) -> tuple[int, int]:
    """Return the box in pixels of an area of cells."""
    across, down = style.fine
    return max(1, columns) * across, max(1, rows) * down
