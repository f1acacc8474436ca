"""Selecting text with the mouse in widgets that draw line by line."""

from collections.abc import Callable

from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip


def selected_text(selection: Selection, lines: Callable[[int], str | None]) -> str:
    """Return the text of a selection.

    Args:
        selection: The selection, in lines of the content.
        lines: Returns the text of a line, None behind the last.
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
"""Maximum lines that are copied at once."""


def with_selection(strip: Strip, selection: Selection | None, y: int, style: Style) -> Strip:
    """Return a drawn line with its selected part in a style; the line can be selected in.

    Args:
        strip: The line.
        selection: The selection, None if there is none.
        y: Number of the line within the content.
        style: Style of a selection.
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
