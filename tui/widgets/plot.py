"""Values over time as a plot of braille dots: two by four to a cell."""

import math
from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from tui.widgets.sparkline import stretched

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of a cell's dots, from the top down: the left one, the right one."""
_BLANK = 0x2800


def braille(
    values: Sequence[float | None],
    width: int,
    height: int,
    low: float,
    high: float,
    *,
    filled: bool = True,
) -> list[str]:
    """Return lines of braille with a plot of values, the oldest to the left.

    Args:
        values: In their order; None is a gap. More than two per cell are drawn as means.
        width: Cells per line.
        height: Number of lines.
        low: The value at the bottom.
        high: The value at the top; values outside are drawn as the nearest.
        filled: True to fill the area below; otherwise neighbours are joined by a line.
    """
    columns = _spread(values, 2 * width)
    rows = 4 * height
    levels = [_level(value, low, high, rows) for value in columns]
    cells = [[0] * width for _ in range(height)]
    before: int | None = None
    for x, level in enumerate(levels):
        if level is not None:
            lowest = 0 if filled else level if before is None else _towards(before, level)
            for y in range(min(lowest, level), max(lowest, level) + 1):
                line, dot = divmod(rows - 1 - y, 4)
                cells[line][x // 2] |= _DOTS[dot][x % 2]
        before = level
    return ["".join(chr(_BLANK + bits) if bits else " " for bits in line) for line in cells]


def _spread(values: Sequence[float | None], columns: int) -> list[float | None]:
    """Return one value per column of dots: means if there are too many, else repeated ones."""
    if len(values) >= columns or not values:
        return stretched(list(values), columns)
    return [values[x * len(values) // columns] for x in range(columns)]


def _level(value: float | None, low: float, high: float, rows: int) -> int | None:
    if value is None or not math.isfinite(value):
        return None
    if not high > low:
        return 0 if value <= low else rows - 1
    return round((min(max(value, low), high) - low) / (high - low) * (rows - 1))


def _towards(before: int, level: int) -> int:
    """Return the first row of a line from the level before, without that one."""
    return before + (level > before) - (level < before)


class Plot(Widget):
    """A plot with a title, the newest value, and the range, as high as its widget.

    Args:
        title: Its title.
        filled: True to fill the area below the line.
    """

    DEFAULT_CSS = """
    Plot { height: 6; padding: 0 1; }
    """
    COMPONENT_CLASSES = {"plot--title", "plot--line"}  # noqa: RUF012 - Textual's way

    def __init__(self, title: str, *, filled: bool = True) -> None:
        super().__init__()
        self._title = title
        self._filled = filled
        self._values: tuple[float | None, ...] = ()
        self._note = ""

    def show(self, values: Sequence[float | None], note: str) -> None:
        """Show other values.

        Args:
            values: In their order, the oldest first; None is a gap.
            note: Text on the right of the title, such as the newest value with its unit.
        """
        shown = tuple(values)
        if (shown, note) != (self._values, self._note):
            self._values, self._note = shown, note
            self.refresh()

    def render(self) -> Text:
        """Return the title, then the plot; without values only the title."""
        title = self.get_component_rich_style("plot--title", partial=True)
        width, height = self.content_size.width, self.content_size.height - 1
        room = max(0, width - len(self._note) - 1)
        text = Text(no_wrap=True, end="")
        text.append(f"{self._title[:room]:<{room}} {self._note}", title)
        known = [value for value in self._values if value is not None]
        if known and height > 0:
            low = 0.0 if self._filled else min(known)
            lines = braille(self._values, width, height, low, max(known), filled=self._filled)
            style = self.get_component_rich_style("plot--line", partial=True)
            text.append("\n" + "\n".join(lines), style)
        return text
