"""Looks in a terminal with 16 colours: text that is another colour than its background there too.

Two colours that differ may be the same one of 16, above all behind a dialog, where all are dimmed;
and many terminals draw bold text of a dark colour in the bright one.
"""

import re
from functools import lru_cache

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color as TextualColor
from textual.filter import LineFilter

from tui.no_colour import BLOCKS

BRIGHT = 8
"""Number of the first bright colour; each is that much after its dark one."""

_THIN = Style(bold=False)
_DARK, _LIGHT = (Style.from_color(Color.parse(name)) for name in ("black", "bright_white"))

_LINES = re.compile("[\\s\u2500-\u257f]*")
"""Lines around and between panels: faint ones may be left out."""


class DistinctColours(LineFilter):
    """Text in another of the 16 colours than its background."""

    def apply(self, segments: list[Segment], background: TextualColor) -> list[Segment]:
        """Return the segments with text that differs from its background."""
        return [
            Segment(text, distinct(style) if _has_words(text) else style)
            for text, style, _ in segments
        ]


def _has_words(text: str) -> bool:
    return not BLOCKS.fullmatch(text) and not _LINES.fullmatch(text)


@lru_cache(4096)
def distinct(style: Style | None) -> Style | None:
    """Return a style whose text is not drawn in the colour of its background."""
    if style is None or style.color is None or style.bgcolor is None:
        return style
    text, ground = (_number(colour) for colour in (style.color, style.bgcolor))
    if style.reverse:
        text, ground = ground, text
    if style.bold and text + BRIGHT == ground:
        style += _THIN
    if text != ground:
        return style
    other = _LIGHT if ground in {0, BRIGHT} else _DARK
    return style + other + _THIN


def _number(colour: Color) -> int:
    number = colour.downgrade(ColorSystem.STANDARD).number
    return -1 if number is None else number
