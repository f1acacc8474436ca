"""The newest events, following only while the reader is at their end."""

import time
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from db.rows import EventRow
from engine.text.figures import narrow_clock
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.widgets.selecting import selected_text, with_selection

KEPT = 2000
"""Maximum lines that are kept; older ones are dropped."""

DRAWN = 200
"""Maximum drawn lines that are kept: those that are visible are drawn again when one is added."""

LINE = 400
"""Maximum characters of one event's message that are kept."""

_WHOSE, _WHAT = 5, 14  # columns: `j1234`, `job cancelled`

_SIGNS = {"debug": " ", "info": " ", "warning": "!", "error": "✗"}
_COLOURS = {"warning": "text-warning", "error": "text-error", "debug": "text-muted"}
_WITHOUT_THEME = {"warning": "yellow", "error": "bright_red", "debug": "bright_black"}


class EventLine(NamedTuple):
    """One drawn event.

    Attributes:
        time: The time of day on the reader's clock.
        level: Its level.
        text: Its job, its type, and its message.
    """

    time: str
    level: str
    text: str


class EventTail(ScrollView, can_focus=True):
    """A tail of events that draws only visible lines and keeps a bounded number."""

    DEFAULT_CSS = """
    EventTail {
        height: 1fr;
        scrollbar-size-horizontal: 0;
        overflow-x: hidden;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("home,g", "scroll_home", "Oldest", show=False),
        Binding("end,G", "follow", "Newest", show=False),
    ]

    class Followed(Message):
        """The reader has left the end, or returned to it."""

        def __init__(self, tail: "EventTail", *, following: bool) -> None:
            super().__init__()
            self.tail = tail
            self.following = following

        @property
        def control(self) -> "EventTail":
            """The tail."""
            return self.tail

    def __init__(
        self,
        *,
        kept: int = KEPT,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._lines: deque[EventLine] = deque(maxlen=kept)
        self._last_id = -1
        self._following = True
        self._known_end = 0
        self._strips: dict[tuple[EventLine, int], Strip] = {}
        self.unseen = 0
        """Number of lines since the reader left the end."""

    @property
    def following(self) -> bool:
        """True if the newest line stays visible."""
        return self._following

    def add(self, events: Sequence[EventRow]) -> None:
        """Add events, in the order of their numbers; known ones are skipped.

        Args:
            events: Any number; only those that are kept cost time.
        """
        fresh = [event for event in events if event.id > self._last_id]
        if not fresh:
            return
        self._last_id = fresh[-1].id
        kept = self._lines.maxlen or KEPT
        dropped = max(0, len(self._lines) + len(fresh) - kept)
        self._lines.extend(_line(event) for event in fresh[-kept:])
        self._grow(len(fresh), dropped)

    def clear(self) -> None:
        """Forget every line; events of any number are new again."""
        self._lines.clear()
        self._last_id = -1
        self.unseen = 0
        self.virtual_size = Size(0, 0)
        self._follow(following=True)

    def _grow(self, added: int, dropped: int) -> None:
        # No layout depends on it: a new layout would paint the screen's scrollbars again.
        self.set_reactive(EventTail.virtual_size, Size(0, len(self._lines)))
        if self._following:
            self._to_end()
        else:
            self.unseen = min(self.unseen + added, len(self._lines))
            if dropped:  # keep the lines that are being read in place
                self.scroll_to(y=max(0, self.scroll_y - dropped), animate=False, immediate=True)
            self._known_end = self.max_scroll_y
        self.refresh()

    # -- the reader ---------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Notice that the reader has left the end, or returned to it.

        New lines and resizes move the end themselves; that does not count.
        """
        super().watch_scroll_y(old_value, new_value)
        if self.max_scroll_y != self._known_end:
            return
        self._follow(following=new_value >= self.max_scroll_y)

    def action_follow(self) -> None:
        """Go to the newest line and stay there."""
        self._follow(following=True)
        self._to_end()

    def on_resize(self) -> None:
        """Keep the newest line visible through a resize."""
        if self._following:
            self._to_end()
        self._known_end = self.max_scroll_y

    def _to_end(self) -> None:
        self._known_end = self.max_scroll_y
        self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)

    def _follow(self, *, following: bool) -> None:
        if following:
            self.unseen = 0
        if following != self._following:
            self._following = following
            self.post_message(self.Followed(self, following=following))
        self.refresh()

    # -- drawing ------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget drawings in other colours."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Return one of the visible lines."""
        width = self.size.width
        at = y + self.scroll_offset.y
        if self.unseen and y == self.size.height - 1:
            return self._notice(width)
        if at >= len(self._lines):
            text = "No events yet." if not self._lines and y == 0 else ""
            return Strip([Segment(text, self.rich_style)]).adjust_cell_length(
                width, self.rich_style
            )
        selection = self.text_selection
        style = self.screen.get_component_rich_style("screen--selection") if selection else None
        drawn = self._draw(self._lines[at], width)
        return with_selection(drawn, selection, at, style or Style.null())

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text."""
        return selected_text(selection, self._text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()

    def _text(self, at: int) -> str | None:
        return self._draw(self._lines[at], self.size.width).text if at < len(self._lines) else None

    def _draw(self, line: EventLine, width: int) -> Strip:
        strip = self._strips.get((line, width))
        if strip is None:
            if len(self._strips) >= DRAWN:
                self._strips.clear()
            strip = self._strips[line, width] = self._draw_new(line, width)
        return strip

    def _draw_new(self, line: EventLine, width: int) -> Strip:
        base, level = self.rich_style, self.rich_style + self._style(line.level)
        text = f"{_SIGNS.get(line.level, ' ')} {line.text}"
        room = max(0, width - len(line.time) - 1)
        strip = Strip(
            [
                Segment(f"{line.time} ", base + self._style("debug")),
                Segment(_cropped(text, room), level),
            ]
        )
        return strip.adjust_cell_length(width, base)

    def _notice(self, width: int) -> Strip:
        text = f" {pluralize(self.unseen, 'newer line')} below - End jumps there "
        style = self.rich_style + Style(reverse=True, bold=True)
        return Strip([Segment(_cropped(text, width).center(width), style)]).adjust_cell_length(
            width, style
        )

    def _style(self, level: str) -> Style:
        variable = _COLOURS.get(level)
        if variable is None:
            return Style()
        colour = self.app.theme_variables.get(variable, "")
        return Style(
            color=colour if colour.startswith("#") else _WITHOUT_THEME[level],
            bold=level == "error" or None,
        )


def _line(event: EventRow) -> EventLine:
    whose = ""
    if event.job_id is not None:
        whose = f"j{event.job_id}"
    elif event.batch_id is not None:
        whose = f"b{event.batch_id}"
    what = clean(event.type, 40).replace(".", " ")
    text = f"{whose:<{_WHOSE}} {what:<{_WHAT}} {clean(event.message, LINE)}"
    return EventLine(_time(event.at), event.level, text.rstrip())


def _time(at: str) -> str:
    in_store = len(at) == len("2026-11-01T12:00:00.000000Z")
    return _second(at[:19] + at[26:] if in_store else at, time.localtime()[:3])


@lru_cache(maxsize=64)
def _second(at: str, _today: tuple[int, ...]) -> str:
    return f"{narrow_clock(at):<8}"


def _cropped(text: str, width: int) -> str:
    """Return at most `width` cells, ending in an ellipsis if anything is cut."""
    shown = set_cell_size(text, width) if width else ""
    return shown if shown.rstrip() == text.rstrip() else f"{set_cell_size(text, width - 1)}…"
