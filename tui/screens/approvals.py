"""Screen of all that waits for approval, over all batches: look, approve, edit, reject."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.views.approval import ShownGate, read_waiting
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.screens.approve import ApproveScreen, Verdict
from tui.screens.choosing import ChoosingScreen
from tui.stepping_in import step_in
from tui.widgets.image import ImageView

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices

MAX_IMAGES = 4
"""Maximum files that are drawn side by side."""

BOLD = Style(bold=True)

NOTHING = """Nothing waits for approval.
Jobs and batches wait here if their setting `approve` names a gate; esc leaves."""


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
        self._items: list[ShownGate] = []
        self._marks: set[tuple[int, int | None, str]] = set()

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
            with Horizontal(id="files"):
                for _ in range(MAX_IMAGES):
                    yield ImageView()
            with VerticalScroll():
                yield Static(id="value", markup=False)
            keys = "space  mark   A  approve   e  look and edit   x  reject   esc  leave"
            yield Static(keys, id="answers", markup=False)

    def on_mount(self) -> None:
        """Read what waits."""
        self._read()

    def _read(self) -> None:
        self.dashboard.feed.ask(read_waiting, self, self._take)

    def _take(self, items: list[ShownGate]) -> None:
        """Show what was read; the cursor and the marks of what still waits stay."""
        self._items = items
        self._marks &= {_id(item) for item in self._items}
        self._list()
        if not self._items:
            self.query_one("#value", Static).update(NOTHING)

    def _list(self) -> None:
        """Draw the list again."""
        at = self.waiting.highlighted or 0
        self.waiting.clear_options()
        lines = [_line(item, marked=_id(item) in self._marks) for item in self._items]
        self.waiting.add_options([Option(line) for line in lines])
        self.waiting.highlighted = min(at, len(self._items) - 1) if self._items else None

    @on(OptionList.OptionHighlighted)
    def look(self) -> None:
        """Show the value under the cursor: its files as their kinds draw them, then its fields."""
        item = self._current
        files = item.files[:MAX_IMAGES] if item else ()
        self.query_one("#files").display = bool(files)
        for at, view in enumerate(self.query(ImageView)):
            view.display = at < len(files)
            if at < len(files):
                view.show_file(self.dashboard.paths, files[at], small=True)
        self.query_one("#value", Static).update(self._drawn(item) if item else "")

    def _drawn(self, item: ShownGate) -> Text:
        muted = Style.parse(str(self.app.theme_variables.get("foreground-muted", "default")))
        text = Text()
        for field in item.fields:
            indent = "  " * field.depth
            lines = field.text.split("\n") or [""]
            text.append(f"{indent}{field.name}  ", muted if field.text else muted + BOLD)
            text.append(f"\n{indent}  ".join(lines)).append("\n")
        more = len(item.files) - MAX_IMAGES
        if more > 0:
            text.append(f"and {pluralize(more, 'more file')}; e shows the whole value\n", muted)
        return text

    @property
    def _current(self) -> ShownGate | None:
        at = self.waiting.highlighted
        return self._items[at] if at is not None and at < len(self._items) else None

    def _chosen(self) -> list[ShownGate]:
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

        def answer(editor: ApproveScreen, verdict: Verdict) -> None:
            self._send(verdict.verb, item, verdict.arguments, editor)

        self.app.push_screen(ApproveScreen(item.item.gate, answer))

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

    def _answer(self, verb: str, items: list[ShownGate]) -> None:
        for item in items:
            gate = item.item.gate
            self._send(verb, item, {"key": gate.key, "fingerprint": gate.fingerprint})

    @work(thread=True, group="approvals", exit_on_error=False)
    def _send(
        self,
        verb: str,
        item: ShownGate,
        arguments: dict[str, object],
        editor: ApproveScreen | None = None,
    ) -> None:
        gate = item.item.gate
        target = {"batch": item.item.batch} if gate.job is None else {"job": gate.job}
        sentence, refused = step_in(self.dashboard.paths, verb, [target], arguments)
        answer = (editor or self.dashboard).answer
        self.app.call_from_thread(answer, sentence, bad=refused, starts_work=not refused)
        self.app.call_from_thread(self._read)


def _id(shown: ShownGate) -> tuple[int, int | None, str]:
    return shown.item.batch, shown.item.gate.job, shown.item.gate.key


def _line(shown: ShownGate, *, marked: bool) -> Text:
    item = shown.item
    mark = "●" if marked else " "
    job = f" › j{item.gate.job}" if item.gate.job is not None else ""
    text = Text(f"{mark} b{item.batch} {clean(item.name, 24)}{job} ", style="bold")
    text.append(f"{clean(item.job_key, 30) or 'the whole batch'}  ", style="not bold")
    return text.append(f"{clean(item.gate.key, 40)}  since {item.gate.since[11:16]}")
