"""A text of any size, of which only the visible rows are decoded and drawn."""

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from tui.text.lines import TextLines, pattern_of
from tui.text.wrapped import Span, spans
from tui.widgets.selecting import selected_text, with_selection

Position = tuple[int, int]
"""A line, and a row within it."""

SIDEWAYS = 8
"""Cells by which unwrapped lines are moved at a time."""

WHEEL = 3
"""Rows by which a mouse wheel moves."""

_KEY = re.compile(r'^\s*"[^"]*"(?=:)')
_LEVEL = re.compile(r"\b(ERROR|CRITICAL|WARNING)\b")


class Pager(Widget, can_focus=True):
    """A text with search, line numbers and wrapping.

    Attributes:
        kind: `json` and `log` are coloured as such; `text` is not.
        numbers: True if lines are numbered.
        wrap: True if long lines are wrapped, False if they are cut.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pager--number", "pager--match", "pager--here", "pager--key", "pager--bad",
        "pager--warning", "pager--heading",
    }  # fmt: skip

    class Moved(Message):
        """Another part of the text is shown."""

        def can_replace(self, message: Message) -> bool:
            """Replace older positions."""
            return isinstance(message, Pager.Moved)

    def __init__(self) -> None:
        super().__init__()
        self.kind = "text"
        self.numbers = False
        self.wrap = True
        self._lines = TextLines(b"")
        self._top: Position = (0, 0)
        self._left = 0
        self._found: Sequence[int] = ()
        self._words = ""
        self._here = -1
        self._rows: list[tuple[int, Span]] | None = None

    # -- content ------------------------------------------------------------------------------

    @property
    def lines(self) -> TextLines:
        """The lines of the text."""
        return self._lines

    def set_lines(self, lines: TextLines, kind: str, *, keep: bool = False) -> None:
        """Show another text.

        Args:
            lines: Its lines.
            kind: Its kind.
            keep: True to stay at the same line, or at the end, because the text has only grown.
        """
        at_end = keep and self.at_end
        self._lines, self.kind = lines, kind
        if at_end:
            self.go_last()
        else:
            self._go(self._top if keep else (0, 0))

    def set_found(self, words: str, matches: Sequence[int]) -> None:
        """Highlight words, and go to the first line with them from here on."""
        self._words, self._found, self._here = words, matches, -1
        if matches:
            index = bisect_left(matches, self._top[0])
            self._show_found(index if index < len(matches) else 0)
        self._go(self._top)

    @property
    def words(self) -> str:
        """The words that are searched; empty if none are."""
        return self._words

    @property
    def place(self) -> str:
        """The visible lines and the number of the found one, in words."""
        rows = self._visible()
        first = rows[0][0] + 1 if rows else 0
        last = rows[-1][0] + 1 if rows else 0
        words = f"{first:,}-{last:,} of {len(self._lines):,}"
        if self._words:
            words += (
                f"   {self._here + 1:,} of {len(self._found):,} lines with '{self._words}'"
                if self._found
                else f"   nothing has '{self._words}'"
            )
        return words

    @property
    def at_end(self) -> bool:
        """True if the last row is visible."""
        return self._top >= self._last_top()

    # -- moving -------------------------------------------------------------------------------

    @property
    def _width(self) -> int:
        gutter = len(str(len(self._lines))) + 2 if self.numbers else 0
        return max(4, self.size.width - gutter)

    def _spans(self, line: int) -> list[Span]:
        text = self._lines[line]
        return spans(text, self._width) if self.wrap else [(0, len(text))]

    def _after(self, position: Position) -> Iterator[Position]:
        """Yield positions from one on."""
        line, row = position
        while line < len(self._lines):
            for other in range(row, len(self._spans(line))):
                yield line, other
            line, row = line + 1, 0

    def _before(self, position: Position) -> Iterator[Position]:
        """Yield positions before one, the nearest first."""
        line, row = position
        while line >= 0:
            for other in reversed(range(row)):
                yield line, other
            line -= 1
            row = len(self._spans(line)) if line >= 0 else 0

    def _last_top(self) -> Position:
        """Return the position at which the last row is at the bottom."""
        behind = (len(self._lines), 0)
        return _nth(self._before(behind), max(1, self.size.height)) or (0, 0)

    def _go(self, position: Position) -> None:
        self._top = max((0, 0), min(position, self._last_top()))
        self._rows = None
        if self.is_attached and self.screen.is_current:
            self.screen.clear_selection()
        self.refresh()
        self.post_message(self.Moved())

    def move(self, rows: int) -> None:
        """Move by rows, up if negative."""
        walk = self._after(self._top) if rows > 0 else self._before(self._top)
        steps = rows + 1 if rows > 0 else -rows
        self._go(_nth(walk, steps) or self._top)

    def move_page(self, pages: int) -> None:
        """Move by pages, up if negative; a row of each page stays visible."""
        self.move(pages * max(1, self.size.height - 1))

    def go_first(self) -> None:
        """Go to the start."""
        self._go((0, 0))

    def go_last(self) -> None:
        """Go to the end."""
        self._go((len(self._lines), 0))

    def move_sideways(self, direction: int) -> None:
        """Move unwrapped lines to the left or the right."""
        self._left = 0 if self.wrap else max(0, self._left + direction * SIDEWAYS)
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        """Move down."""
        self.move(WHEEL)

    def on_mouse_scroll_up(self) -> None:
        """Move up."""
        self.move(-WHEEL)

    def next_found(self, step: int) -> bool:
        """Go to the next line with the searched words, or the one before; False if there is none.

        The search continues at the other end.
        """
        if not self._found:
            return False
        index = self._here + step
        if self._here < 0:
            index = bisect_right(self._found, self._top[0])
        self._show_found(index % len(self._found))
        return True

    def _show_found(self, index: int) -> None:
        self._here = index
        line = self._found[index]
        visible = self._visible()
        if visible and visible[0][0] <= line < visible[-1][0]:
            self._go(self._top)
        else:
            self._go((max(0, line - 2), 0))

    def toggle_numbers(self) -> None:
        """Number the lines, or not."""
        self.numbers = not self.numbers
        self._go((self._top[0], 0))

    def toggle_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.wrap, self._left = not self.wrap, 0
        self._go((self._top[0], 0))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        self._go((self._top[0], 0))

    # -- drawing ------------------------------------------------------------------------------

    def _visible(self) -> list[tuple[int, Span]]:
        """Return the visible rows: their lines and parts of them."""
        if self._rows is None:
            walk = islice(self._after(self._top), max(1, self.size.height))
            self._rows = [(line, self._spans(line)[row]) for line, row in walk]
        return self._rows

    def _text(self, y: int) -> str | None:
        rows = self._visible()
        if y >= len(rows):
            return None
        line, (begin, end) = rows[y]
        return self._gutter(line, begin) + self._lines[line][begin:end][self._left :]

    def _gutter(self, line: int, begin: int) -> str:
        if not self.numbers:
            return ""
        number = self._lines.number(line) if begin == 0 else None
        width = len(str(len(self._lines)))
        return f"{'' if number is None else number:>{width}}  "

    def render_line(self, y: int) -> Strip:
        """Return one row."""
        rows = self._visible()
        if y >= len(rows):
            return Strip.blank(self.size.width, self.rich_style)
        line, (begin, end) = rows[y]
        strip = Strip(list(self._segments(line, begin, end))).adjust_cell_length(
            self.size.width, self.rich_style
        )
        selection = self.text_selection
        style = self.screen.get_component_rich_style("screen--selection") if selection else None
        return with_selection(strip, selection, y, style or Style.null())

    def _segments(self, line: int, begin: int, end: int) -> Iterator[Segment]:
        base = self.rich_style
        if gutter := self._gutter(line, begin):
            yield Segment(gutter, base + self._style("number"))
        text = self._lines[line]
        at = begin + self._left
        for until, style in self._styled(line, text):
            if until > at and at < end:
                yield Segment(text[at : min(until, end)], base + style)
                at = min(until, end)

    def _styled(self, line: int, text: str) -> Iterator[tuple[int, Style]]:
        """Yield the ends of the parts of a line that look alike, with their styles."""
        plain = Style.null()
        if self.kind == "json" and (key := _KEY.match(text)) and not self._words:
            yield key.end(), self._style("key")
        elif self.kind == "log" and (level := _LEVEL.search(text)):
            plain = self._style("warning" if level[1] == "WARNING" else "bad")
        elif self.kind == "text" and text.startswith("── "):
            plain = self._style("heading")
        if self._words:
            here = 0 <= self._here < len(self._found) and self._found[self._here] == line
            style = self._style("here" if here else "match")
            for match in pattern_of(self._words).finditer(text):
                yield match.start(), plain
                yield match.end(), style
        yield len(text), plain

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"pager--{name}", partial=True)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return the selected text."""
        return selected_text(selection, self._text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()


def _nth(walk: Iterator[Position], count: int) -> Position | None:
    """Return the last of some positions; None if there are none."""
    return next(iter(deque(islice(walk, count), maxlen=1)), None)
