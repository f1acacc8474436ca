"""Screen of all that waits for approval, over all batches: look, approve, edit, reject."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import SelectionList, Static
from textual.widgets.selection_list import Selection

from engine.client.gates import WaitingItem, everything_waiting
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.feed import QueryAnswered
from tui.screens.approve import ApproveScreen, Verdict
from tui.stepping_in import step_in

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices

MAX_PREVIEW = 5000
"""Maximum length of a value in the preview, in characters."""


class ApprovalsScreen(ModalScreen[None]):
    """All values that wait; answers go to the marked ones, or to the one under the cursor."""

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("A", "approve", "Approve"),
        Binding("e,enter", "edit", "Edit", priority=True),
        Binding("x", "reject", "Reject"),
        Binding("asterisk", "mark_all", "Mark all"),
        Binding("escape,q", "leave", "Leave"),
        Binding("j", "app.simulate_key('down')", show=False),
        Binding("k", "app.simulate_key('up')", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._items: list[WaitingItem] = []

    @property
    def dashboard(self) -> "DashboardServices":
        """Return the app."""
        return cast("DashboardServices", self.app)

    @property
    def waiting(self) -> SelectionList[int]:
        """Return the list."""
        return cast("SelectionList[int]", self.query_one(SelectionList))

    def compose(self) -> ComposeResult:
        """Compose the list, the value under the cursor, the keys."""
        with Vertical(id="approvals"):
            yield Static("Waits for approval", id="title", markup=False)
            yield SelectionList[int]()
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
        """Show what was read; the cursor stays where it is."""
        at = self.waiting.highlighted or 0
        self._items = message.value
        self.waiting.clear_options()
        self.waiting.add_options([Selection(_line(item), i) for i, item in enumerate(self._items)])
        self.waiting.highlighted = min(at, len(self._items) - 1) if self._items else None
        if not self._items:
            self.query_one("#value", Static).update("Nothing waits for approval.")

    @on(SelectionList.SelectionHighlighted)
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
        marked = [self._items[i] for i in sorted(self.waiting.selected)]
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

    def action_mark_all(self) -> None:
        """Mark all."""
        self.waiting.select_all()

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    def _answer(self, verb: str, items: list[WaitingItem]) -> None:
        for item in items:
            gate = item.gate
            self._send(verb, item, {"key": gate.key, "fingerprint": gate.fingerprint})

    @work(thread=True, group="approvals")
    def _send(self, verb: str, item: WaitingItem, arguments: dict[str, object]) -> None:
        job = {"job": item.gate.job or 0}
        sentence, refused = step_in(self.dashboard.paths, verb, [job], arguments)
        severity = "warning" if refused else "information"
        self.app.call_from_thread(self.notify, sentence, severity=severity, markup=False)
        self.app.call_from_thread(self._read)


def _line(item: WaitingItem) -> Text:
    text = Text(f"b{item.batch} {clean(item.name, 24)} › j{item.gate.job} ", style="bold")
    text.append(f"{clean(item.job_key, 30)}  ", style="not bold")
    return text.append(f"{clean(item.gate.key, 40)}  since {item.gate.since[11:16]}")
