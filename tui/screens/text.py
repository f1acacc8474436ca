"""Screen of whole texts: a pager with search."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, Tab, Tabs

from engine.text.errors import UserError
from engine.text.terminal import clean
from tui.actions import bindings
from tui.feed import View
from tui.screens.base import BaseScreen
from tui.snapshots.texts import Texts, WholeText, formatted
from tui.text.lines import TextLines
from tui.text.programs import EDITOR, PAGER, show_in
from tui.widgets.bars import KeyBar, TopBar
from tui.widgets.pager import Pager

MAX_COPIED = 1_000_000
"""Maximum bytes of a text that is copied."""

FOLLOW_SECONDS = 1.0
"""Interval at which a log is checked for growth, in seconds."""

_SUFFIXES = {"json": ".json", "trace": ".txt", "log": ".log", "text": ".txt"}


class NothingRead:
    """View of nothing: texts are read once."""

    every = 3600.0

    def read(self, connection: object, version: int) -> None:
        """Return nothing."""


@dataclass
class TextRead(Message):
    """A text has been read.

    Attributes:
        index: Its number among the texts.
        lines: Its lines.
        grown: True if it was shown already and has grown.
    """

    index: int
    lines: TextLines
    grown: bool = False


@dataclass
class Searched(Message):
    """A search has ended."""

    words: str
    found: list[int]
    lines: TextLines


class SearchInput(Input):
    """Input of words to search; escape leaves it and forgets them."""

    BINDINGS = [("escape", "leave", "Leave")]  # noqa: RUF012 - Textual's way

    def action_leave(self) -> None:
        """Forget the words."""
        self.value = ""
        self.post_message(self.Submitted(self, ""))


class TextScreen(BaseScreen):
    """One or several texts in full.

    Args:
        texts: The texts; at least one.
    """

    WHERE = "text"
    AUTO_FOCUS = "Pager"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("text")

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._index = 0
        self._words = ""
        self._view = NothingRead()

    @property
    def view(self) -> View:
        """Return a view of nothing."""
        return self._view

    @property
    def text(self) -> WholeText:
        """Return the text that is shown."""
        return self._texts.texts[self._index]

    @property
    def pager(self) -> Pager:
        """Return the pager."""
        return self.query_one(Pager)

    # -- layout -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Compose the crumbs, the names of the texts, the text, the search and the keys."""
        yield TopBar()
        yield from self.compose_body()
        yield KeyBar(list(self._keys()))

    def compose_body(self) -> Iterator[Widget]:
        """Compose the names of the texts, the text and the search."""
        names = [Content(clean(text.title, 30)) for text in self._texts.texts]
        tabs = Tabs(*(Tab(name, id=f"text-{i}") for i, name in enumerate(names)))
        tabs.can_focus = False
        tabs.display = len(names) > 1
        yield tabs
        yield Pager()
        line = SearchInput(placeholder="words to search", id="search", compact=True)
        line.display = False
        yield line
        yield Static(id="place", markup=False)

    def on_mount(self) -> None:
        """Show the first text."""
        trail = self._texts.title if len(self._texts.texts) > 1 else self._only_title()
        self.query_one(TopBar).set_trail(trail, read_only=self.dashboard.read_only)
        self._read()
        self.set_interval(FOLLOW_SECONDS, self._follow)

    def _only_title(self) -> str:
        return f"{self._texts.title} › {clean(self.text.title, 30)}"

    def catch_up(self) -> None:
        """Read only the state of the engine."""
        self.feed.show((self.dashboard.head_view, self))
        self.show_head(self.dashboard.head)

    def show_head(self, head: Any) -> None:
        """Show the engine."""
        self.query_one(TopBar).set_head(head)

    async def show(self, snapshot: Any) -> None:
        """Do nothing: texts are read once."""

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return nothing."""
        return [], ""

    # -- reading ------------------------------------------------------------------------------

    def _read(self) -> None:
        run = partial(self._load, self._index, self.text)
        self.run_worker(run, thread=True, exclusive=True, group="read", exit_on_error=False)

    def _load(self, index: int, text: WholeText) -> None:
        """Read a text; in a thread."""
        try:
            if text.kind == "log" and text.path is not None:
                lines = TextLines.read(text.path)
            else:
                data = text.text
                if text.path is not None:
                    data = text.path.read_text("utf-8", "replace")
                lines = TextLines.of(formatted(text, data))
        except OSError as error:
            lines = TextLines.of(f"It cannot be read: {error.strerror}.")
        self.post_message(TextRead(index, lines))

    @on(TextRead)
    def _show_text(self, message: TextRead) -> None:
        if message.index != self._index:
            return
        kind = {"trace": "text"}.get(self.text.kind, self.text.kind)
        self.pager.set_lines(message.lines, kind, keep=message.grown)
        if self.text.kind == "log" and not message.grown:
            self.pager.go_last()
        if self._words:
            self._search(self._words)

    def _follow(self) -> None:
        """Read a log again that has grown."""
        path = self.text.path
        if self.text.kind != "log" or path is None or not self.is_current:
            return
        with suppress(OSError):
            if path.stat().st_size != self.pager.lines.size:
                lines = TextLines.read(path)
                self.post_message(TextRead(self._index, lines, grown=True))

    @on(Tabs.TabActivated)
    def _change_text(self, message: Tabs.TabActivated) -> None:
        index = int((message.tab.id or "text-0").removeprefix("text-"))
        if index != self._index:
            self._index = index
            self._read()

    @on(Pager.Moved)
    def _say_place(self) -> None:
        self.query_one("#place", Static).update(self.pager.place)

    # -- actions ------------------------------------------------------------------------------

    def action_next_text(self) -> None:
        """Show the next text."""
        self.query_one(Tabs).action_next_tab()

    def action_previous_text(self) -> None:
        """Show the previous text."""
        self.query_one(Tabs).action_previous_tab()

    def action_search(self) -> None:
        """Ask for words."""
        line = self.query_one(SearchInput)
        line.display = True
        line.value = ""
        line.focus()

    @on(Input.Submitted, "#search")
    def _searched(self, message: Input.Submitted) -> None:
        message.stop()
        self.query_one(SearchInput).display = False
        self.pager.focus()
        self._search(message.value)

    def _search(self, words: str) -> None:
        self._words = clean(words, 200, keep_newlines=True)
        run = partial(self._find, self._words, self.pager.lines)
        self.run_worker(run, thread=True, exclusive=True, group="search", exit_on_error=False)

    def _find(self, words: str, lines: TextLines) -> None:
        """Search; in a thread."""
        self.post_message(Searched(words, lines.search(words) if words else [], lines))

    @on(Searched)
    def _show_found(self, message: Searched) -> None:
        if message.lines is self.pager.lines and message.words == self._words:
            self.pager.set_found(message.words, message.found)

    def action_next_found(self) -> None:
        """Go to the next match."""
        self._next(+1)

    def action_previous_found(self) -> None:
        """Go to the previous match."""
        self._next(-1)

    def _next(self, step: int) -> None:
        if not self._words:
            self.action_search()
        elif self.pager.words == self._words:  # else they are being searched
            self.pager.next_found(step)

    def action_numbers(self) -> None:
        """Number the lines, or not."""
        self.pager.toggle_numbers()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.pager.toggle_wrap()

    def action_copy_text(self) -> None:
        """Copy the text, if it is not too long for a clipboard."""
        lines = self.pager.lines
        if lines.size > MAX_COPIED:
            self.say("That is too long to copy; | shows it in your pager, e in your editor.")
        else:
            self.app.copy_to_clipboard("\n".join(lines))

    @work(exclusive=True, group="program")
    async def action_pager(self) -> None:
        """Show a copy in the operator's pager."""
        self._show_in(PAGER)

    @work(exclusive=True, group="program")
    async def action_editor(self) -> None:
        """Open a copy in the operator's editor."""
        self._show_in(EDITOR)

    def _show_in(self, names: tuple[str, ...]) -> None:
        name = f"{_plain(self.text.title)}{_SUFFIXES[self.text.kind]}"
        try:
            show_in(self.app, names, self.pager.lines, name=name)
        except UserError as error:
            self.say(str(error), bad=True)

    def action_back(self) -> None:
        """Clear the search; otherwise go back."""
        if self._words:
            self._words = ""
            self.pager.set_found("", [])
        else:
            super().action_back()

    def action_down(self) -> None:
        """Move down a row."""
        self.pager.move(1)

    def action_up(self) -> None:
        """Move up a row."""
        self.pager.move(-1)

    def action_page_down(self) -> None:
        """Move down a page."""
        self.pager.move_page(+1)

    def action_page_up(self) -> None:
        """Move up a page."""
        self.pager.move_page(-1)

    def action_first(self) -> None:
        """Go to the start."""
        self.pager.go_first()

    def action_last(self) -> None:
        """Go to the end."""
        self.pager.go_last()

    def action_left(self) -> None:
        """Move to the left."""
        self.pager.move_sideways(-1)

    def action_right(self) -> None:
        """Move to the right."""
        self.pager.move_sideways(+1)


def _plain(title: str) -> str:
    """Return a title as the name of a file."""
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in title)[:40] or "text"
