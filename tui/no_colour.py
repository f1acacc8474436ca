"""Looks in a terminal without colours (`NO_COLOR`), where Textual draws all in greys.

Colours that differ may be the same grey. So what is selected swaps text and background, on all
screens, and text whose grey is too near to a swapped background is drawn black or white.
"""

import re
from functools import lru_cache, partial

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

LEAST_CONTRAST = 0.35
"""Minimum difference in brightness, 0..1, of text on a swapped background."""

SWAPPED = 0.5
"""Difference in brightness from the screen's background at which one counts as swapped."""

DIMMED = 0.2
"""The same for what is seen dimmed, behind a dialog."""

LEAST_DIMMED = 0.2
"""Minimum difference in brightness of text on a background that is dimmed."""

BLOCKS = re.compile("[\\s\u2580-\u259f\U0001fb00-\U0001fb3b\U0001cd00-\U0001cde5]*")
"""Cells of images, and bars: their greys are meant."""


def swapped(variables: dict[str, str]) -> dict[str, str]:
    """Return the variables of style sheets in which what is selected swaps its colours."""
    return {
        "block-cursor-background": variables["foreground"],
        "block-cursor-foreground": variables["background"],
    }


class ReadableGreys(LineFilter):
    """Text that can be read on a swapped background, whatever greys its colours have become.

    Args:
        few: True if the terminal has 16 colours: bold black is grey there.
    """

    def __init__(self, *, few: bool = False) -> None:
        super().__init__()
        self._few = few

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with text of enough contrast."""
        look = partial(_readable, screen=background.brightness, few=self._few)
        return [
            Segment(text, style if BLOCKS.fullmatch(text) else look(style))
            for text, style, _ in segments
        ]


@lru_cache(4096)
def _readable(style: Style | None, *, screen: float, few: bool) -> Style | None:
    if style is None or style.color is None or style.bgcolor is None or style.reverse:
        return style
    text, ground = (
        Color.from_rich_color(colour).brightness for colour in (style.color, style.bgcolor)
    )
    swapped_by = abs(ground - screen)
    if swapped_by < DIMMED:
        return style
    if few:
        style += _THIN
    if abs(ground - text) >= (LEAST_DIMMED if swapped_by < SWAPPED else LEAST_CONTRAST):
        return style
    return style + (_BLACK if ground > screen else _WHITE)


_THIN = Style(bold=False)
_BLACK, _WHITE = (Style.from_color(RichColor.from_rgb(*[grey] * 3)) for grey in (0, 255))
