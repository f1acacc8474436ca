"""A row of values as a line of small bars."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-~=+*#"
GAP, PLAIN_GAP = "·", " "


def spark(
    values: Sequence[float | None],
    low: float,
    high: float,
    width: int,
    *,
    style: str | Style = "",
    ascii_only: bool = False,
) -> Text:
    """Return values as bars of eight heights.

    Args:
        values: In their order; None and values that are not finite are gaps.
        low: The value of the lowest bar.
        high: The value of the highest bar; values outside are drawn as the nearest.
        width: Maximum cells. More values than that are drawn as the means of equal stretches.
        style: The bars' style.
        ascii_only: True to draw only ASCII.

    Returns:
        As many cells as there are values, at most `width`.
    """
    bars, gap = (PLAIN_BARS, PLAIN_GAP) if ascii_only else (BARS, GAP)
    points = stretched([_finite(value) for value in values], max(0, width))
    signs = [gap if point is None else bars[_height(point, low, high)] for point in points]
    return Text("".join(signs), style=style, no_wrap=True, end="")


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _height(value: float, low: float, high: float) -> int:
    if not high > low:
        return len(BARS) // 2
    share = (min(max(value, low), high) - low) / (high - low)
    return min(len(BARS) - 1, int(share * len(BARS)))


def stretched(values: list[float | None], width: int) -> list[float | None]:
    """Return at most `width` values: each the mean of a stretch, None if all of it is missing."""
    if len(values) <= width or not width:
        return values[:width]
    edges = [round(number * len(values) / width) for number in range(width + 1)]
    return [_mean(values[start:end]) for start, end in pairwise(edges)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


class Sparkline(Widget):
    """A sparkline as wide as there is room, one row high."""

    DEFAULT_CSS = """
    Sparkline {
        width: 1fr;
        height: 1;
        color: $accent;
    }
    """

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._ascii_only = ascii_only
        self._values: Sequence[float | None] = ()
        self._range: tuple[float, float] | Literal["own"] = "own"

    def show(
        self,
        values: Sequence[float | None],
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Show other values.

        Args:
            values: In their order; None is a gap.
            low: The value of the lowest bar; by default the minimum of the values.
            high: The value of the highest bar; by default the maximum of them.
        """
        self._values = tuple(values)
        known = [value for value in self._values if _finite(value) is not None] or [0.0]
        self._range = (
            min(v for v in known if v is not None) if low is None else low,
            max(v for v in known if v is not None) if high is None else high,
        )
        self.refresh()

    def render(self) -> Text:
        """Return the bars, in the widget's own colour."""
        low, high = (0.0, 1.0) if self._range == "own" else self._range
        width = self.content_size.width
        return spark(self._values, low, high, width, ascii_only=self._ascii_only)
