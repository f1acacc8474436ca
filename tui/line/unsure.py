"""Characters on whose width terminals disagree: joined emoji, marks of some scripts, fillers.

Textual measures them by one table, and each terminal by another: what follows in the line would
stand a few cells aside, over the border of the next panel. So the cursor is put back before such a
character and moved on by the width that Textual knows; the terminal draws it as it can.
"""

import re

from rich.cells import split_graphemes

_MARKED = "\u0900-\u0dff\u0f00-\u109f\u1100-\u11ff\u1700-\u17ff\u1930-\u1c4f\ua860-\uabff"
"""Scripts whose vowel signs have a width in one table and none in another, and letters of jamo."""

_UNSURE = re.compile(
    f"[{_MARKED}][^\x00-\x7f]"
    "|[\u00ad\u115f\u1160\u200b-\u200d\u2060-\u2064\u20e3\u3164\ufdd0-\ufdef\ufe00-\ufe0f\uffa0]"
    "|[\U0001f3fb-\U0001f3ff\U0001fa00-\U0001faff\U000e0000-\U000e0fff]"
)

STEADY = r"\x1b7(?P<room> +)\x1b8\x1b7(?P<unsure>[^\x1b]+)\x1b8\x1b\[\d+C"
"""Pattern of an unsure character as `steady` writes it."""


def steady(text: str) -> str:
    """Return text after which the cursor of any terminal is where Textual expects it."""
    if text.isascii() or not _UNSURE.search(text):
        return text
    spans, _ = split_graphemes(text)
    return "".join(_placed(text[first:end], width) for first, end, width in spans)


def _placed(character: str, width: int) -> str:
    """Return a character as it is, or over blanks and with the cursor moved by its width."""
    if not _UNSURE.search(character):
        return character
    return f"\x1b7{' ' * width}\x1b8\x1b7{character}\x1b8\x1b[{width}C" if width else ""
