"""Selecting text with the mouse in widgets that draw line by line."""

from collections.abc import Callable

from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip


def selected_text(selection: Selection, lines: Callable[[int], str | None]) -> str:
    """The text under a selection.

    Args:
        selection: What is selected, in lines of the content.
        lines: Says the text of a line, None behind the last.
    """
    first = selection.start.y if selection.start else 0
    found: list[str] = []
    for y in range(first, (selection.end.y if selection.end else first + MAX_LINES) + 1):
        text = lines(y)
        if text is None or len(found) >= MAX_LINES:
            break
        begin, end = selection.get_span(y) or (0, -1)
        found.append(text[begin : None if end == -1 else end].rstrip())
    return "\n".join(found)


MAX_LINES = 1_000
"""Lines that are copied at once."""


def with_selection(strip: Strip, selection: Selection | None, y: int, style: Style) -> Strip:
    """A drawn line with what is selected of it in a style; it can be selected in.

    Args:
        strip: The line.
        selection: What is selected, None for nothing.
        y: Which line of the content it is.
        style: How a selection looks.
    """
    span = selection.get_span(y) if selection is not None else None
    if span is not None:
        begin, end = span[0], strip.cell_length if span[1] == -1 else span[1]
        middle = Strip(
            [
                segment._replace(style=(segment.style or Style()) + style)
                for segment in strip.crop(begin, end)
            ]
        )
        strip = Strip.join([strip.crop(0, begin), middle, strip.crop(end)])
    return strip.apply_offsets(0, y)
