"""Screen of all that waits for approval, over all batches: look, approve, edit, reject."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.gates import WaitingItem, everything_waiting
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.feed import QueryAnswered
from tui.screens.approve import ApproveScreen, Verdict
from tui.screens.choosing import ChoosingScreen
from tui.stepping_in import step_in

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices

MAX_PREVIEW = 5000
"""Maximum length of a value in the preview, in characters."""


class ApprovalsScreen(ChoosingScreen[None]):
    """All values that wait; answers go to the marked ones, or to the one under the cursor."""

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("A", "approve", "Approve"),
        Binding("e,enter", "edit", "Edit", priority=True),
        Binding("x", "reject", "Reject"),
        Binding("space", "mark", "Mark", priority=True),
        Binding("asterisk", "mark_all", "Mark all"),
        Binding("escape,q", "leave", "Leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._items: list[WaitingItem] = []
        self._marks: set[tuple[int | None, str]] = set()

    @property
    def dashboard(self) -> "DashboardServices":
        """Return the app."""
        return cast("DashboardServices", self.app)

    @property
    def waiting(self) -> OptionList:
        """Return the list."""
        return self.query_one(OptionList)

    def compose(self) -> ComposeResult:
        """Compose the list, the value under the cursor, the keys."""
        with Vertical(id="approvals"):
            yield Static("Waits for approval", id="title", markup=False)
            yield OptionList(markup=False)
            with VerticalScroll():
                yield Static(id="value", markup=False)
            keys = "space  mark   A  approve   e  look and edit   x  reject   esc  leave"
            yield Static(keys, id="answers", markup=False)

    def on_mount(self) -> None:
        """Read what waits."""
        self._read()

    def _read(self) -> None:
        self.dashboard.feed.ask(everything_waiting, self, "waiting")

    @on(QueryAnswered)
    def take(self, message: QueryAnswered) -> None:
        """Show what was read; the cursor and the marks of what still waits stay."""
        self._items = message.value
        self._marks &= {_id(item) for item in self._items}
        self._list()
        if not self._items:
            self.query_one("#value", Static).update("Nothing waits for approval.")

    def _list(self) -> None:
        """Draw the list again."""
        at = self.waiting.highlighted or 0
        self.waiting.clear_options()
        lines = [_line(item, marked=_id(item) in self._marks) for item in self._items]
        self.waiting.add_options([Option(line) for line in lines])
        self.waiting.highlighted = min(at, len(self._items) - 1) if self._items else None

    @on(OptionList.OptionHighlighted)
    def look(self) -> None:
        """Show the value under the cursor."""
        item = self._current
        text = clean(item.gate.text, MAX_PREVIEW, keep_newlines=True) if item else ""
        self.query_one("#value", Static).update(text)

    @property
    def _current(self) -> WaitingItem | None:
        at = self.waiting.highlighted
        return self._items[at] if at is not None and at < len(self._items) else None

    def _chosen(self) -> list[WaitingItem]:
        marked = [item for item in self._items if _id(item) in self._marks]
        return marked or [item for item in [self._current] if item]

    def action_approve(self) -> None:
        """Approve the marked ones, unedited."""
        self._ask("approve", "Approve")

    def action_reject(self) -> None:
        """Reject the marked ones."""
        self._ask("reject", "Reject")

    def _ask(self, verb: str, title: str) -> None:
        items = self._chosen()
        if len(items) == 1:
            self._answer(verb, items)
        elif items:
            question = f"{title} {pluralize(len(items), 'value')}, unedited?"
            self.dashboard.confirm(question, lambda: self._answer(verb, items))

    def action_edit(self) -> None:
        """Look at the value under the cursor whole, and edit it."""
        item = self._current
        if item is None:
            return

        def answered(verdict: Verdict | None) -> None:
            if verdict is not None:
                self._send(verdict.verb, item, verdict.arguments)

        self.app.push_screen(ApproveScreen(item.gate), answered)

    def action_mark(self) -> None:
        """Mark or unmark the value under the cursor, and move down."""
        if item := self._current:
            self._marks ^= {_id(item)}
            self._list()
            self.waiting.highlighted = min((self.waiting.highlighted or 0) + 1, self._last)

    @property
    def _last(self) -> int:
        return len(self._items) - 1

    def action_mark_all(self) -> None:
        """Mark all."""
        self._marks = {_id(item) for item in self._items}
        self._list()

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def _answer(self, verb: str, items: list[WaitingItem]) -> None:
        for item in items:
            gate = item.gate
            self._send(verb, item, {"key": gate.key, "fingerprint": gate.fingerprint})

    @work(thread=True, group="approvals", exit_on_error=False)
    def _send(self, verb: str, item: WaitingItem, arguments: dict[str, object]) -> None:
        job = {"job": item.gate.job or 0}
        sentence, refused = step_in(self.dashboard.paths, verb, [job], arguments)
        severity = "warning" if refused else "information"
        self.app.call_from_thread(self.notify, sentence, severity=severity, markup=False)
        self.app.call_from_thread(self._read)


def _id(item: WaitingItem) -> tuple[int | None, str]:
    return item.gate.job, item.gate.key


def _line(item: WaitingItem, *, marked: bool) -> Text:
    mark = "●" if marked else " "
    text = Text(f"{mark} b{item.batch} {clean(item.name, 24)} › j{item.gate.job} ", style="bold")
    text.append(f"{clean(item.job_key, 30)}  ", style="not bold")
    return text.append(f"{clean(item.gate.key, 40)}  since {item.gate.since[11:16]}")
