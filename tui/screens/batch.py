"""Screen of one batch: its jobs, the selected one at a glance, the latest events."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine.client.views.files import openable
from engine.client.views.filters import ORDERS, Filter
from engine.client.views.jobs import JobItem
from engine.client.views.listing import MAX_MARKS
from engine.text.plural import pluralize
from tui.actions import BY_ID, bindings
from tui.actions.action import Action
from tui.actions.key_names import key_name, keys_of
from tui.feed import View
from tui.screens.batch_looks import BatchLooks
from tui.screens.menu import MenuLine
from tui.screens.panels import Panels
from tui.snapshots.batch import BatchSnapshot, BatchView
from tui.snapshots.places import Place
from tui.snapshots.subject import Subject
from tui.widgets.bars import TopBar
from tui.widgets.batch_bar import BatchBar
from tui.widgets.caption import Caption
from tui.widgets.event_tail import EventTail
from tui.widgets.glance import GlancePanel
from tui.widgets.job_cells import job_cell
from tui.widgets.job_columns import job_columns
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet
from tui.widgets.view_bar import ViewBar

if TYPE_CHECKING:
    from engine.client.gates import WaitingGate

FIRST_PAGE = 120

_KEYS = {
    "position": "i", "worst": "w", "lowest": "c", "best": "b", "state": "t", "time": "l",
    "cost": "d", "rating": "r",
}  # fmt: skip
ORDER_LINES = tuple(MenuLine(order, name, _KEYS[order]) for order, name in ORDERS.items())
"""The orders of jobs, with their keys in the menu."""

SORTED_BY = {"": "state", "job": "position", "score": "worst", "trend": "worst",
             "stage or trouble": "state"}  # fmt: skip
"""Orders by the headings that request them."""


UNKNOWN = ("?", False)
"""In place of a state: the footer is for another one."""


class BatchScreen(BatchLooks):
    """The jobs of one batch.

    Args:
        batch_id: The batch.
        name: Its name, cleaned.
    """

    WHERE = "batch"
    EMPTY = "This batch has no jobs yet: they appear here as they are queued."
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("batch")

    def __init__(self, batch_id: int, name: str) -> None:
        super().__init__()
        self.batch_id: int = batch_id
        self._called = name
        self._scale: tuple[float, float] = (-1, -1)
        self._snapshot: BatchSnapshot | None = None
        self._waits = False

    @property
    def view(self) -> View:
        """Return the view of the batch."""
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the batch in a line, the list, the selected job beside it, the events below."""
        app = self.dashboard
        self._view = BatchView(self.batch_id, app.headlines)
        order, reverse = self.remembered_order(app.remembered.order)
        self._view.ask = replace(
            self._view.ask, order=order, reverse=reverse, filter=Filter(), count=FIRST_PAGE
        )
        yield BatchBar()
        yield self.view_bar(1)
        yield self.filter_input()
        widths = app.remembered.widths
        with Panels("batch", widths, default=62, wide=70):
            with Panels("lists", widths, default=None, id="lists"):
                yield (rows := Rows(job_columns(0, 100), empty=self.EMPTY, id="jobs"))
                columns = app.remembered.sheet_columns
                yield Sheet(rows.state, job_cell, app.paths, columns=columns, id="sheet")
            with Vertical(id="beside"):
                yield GlancePanel(app.paths)
        yield Caption()
        with Horizontal(id="below"):
            yield EventTail()

    def on_mount(self) -> None:
        """Return the crumbs."""
        self._say_where()

    def _say_where(self) -> None:
        trail = f"b{self.batch_id} {self._called}".rstrip()
        self.query_one(TopBar).set_trail(trail, read_only=self.dashboard.read_only)

    async def show(self, snapshot: BatchSnapshot) -> None:
        """Show what was read."""
        self._snapshot = snapshot
        if not self._called and snapshot.batch is not None:
            self._called = snapshot.batch.name
            self._say_where()
        if (snapshot.low, snapshot.high) != self._scale:
            self._scale = (snapshot.low, snapshot.high)
            self.rows.set_columns(job_columns(snapshot.low, snapshot.high))
        self._say_why_empty()
        self.rows.set_rows(snapshot.total, snapshot.start, snapshot.rows)
        self.query_one(BatchBar).set_batch(snapshot.batch, "")
        self.sheet.set_faces(snapshot.faces)
        self.query_one(GlancePanel).set_glance(snapshot.glance, self.rows.current)
        self.query_one(Caption).set_glance(self.rows.current, snapshot.glance)
        self.query_one(EventTail).add(snapshot.events)
        self._select()
        if snapshot.waits != self._waits:
            self._waits = snapshot.waits
            self._keys_for = UNKNOWN

    def _keys(self) -> Iterator[tuple[Action, str]]:
        """Yield the keys of the footer; the batch's own approval before those of its jobs."""
        keys = list(super()._keys())
        own = replace(BY_ID["approve_all"], title="Approve batch")
        if self._waits and not self.dashboard.read_only and not _has(keys, own.id):
            yield own, key_name(keys_of(own, self.dashboard.keymap)[0])
        yield from keys

    def action_approve_all(self) -> None:
        """Show what the batch itself waits with; if a job is meant, approve that."""
        if self._waits and not self.rows.marks and self.selected_state() != "waiting":
            from engine.client.gates import batch_gates

            self.ask(partial(batch_gates, batch_id=self.batch_id), self._show_own_gate)
        else:
            super().action_approve_all()

    def _show_own_gate(self, gates: "list[WaitingGate]") -> None:
        """Show the value that the batch itself waits with."""
        if gates:
            from tui.screens.gates import show_gate

            show_gate(self, gates[0], {"batch": self.batch_id})

    def _say_why_empty(self) -> None:
        batch = self._snapshot.batch if self._snapshot else None
        self.show_empty(batch.total if batch else 0, "job")

    def _show_place(self) -> None:
        batch = self._snapshot.batch if self._snapshot else None
        place = self.list_place(self.order_name(), batch.total if batch else 0)
        self.query_one(ViewBar).set_list(place)

    @on(Rows.Moved)
    def _select(self) -> None:
        self._show_place()
        row: JobItem | None = self.rows.current
        if row is not None and row.id != self._view.selected:
            self._view.selected = row.id
            self.call_after_refresh(self.feed.wake)  # the cursor first: reading takes longer

    def read_range(self) -> None:
        """Read the rows and images that are visible, unless they are held."""
        shown, needed = self.visible_cells(), self.needed()
        changed = shown != self._view.shown
        self._view.shown = shown
        if (needed is not None and self._ask(*needed)) or changed:
            self.feed.wake()

    def _ask(self, start: int, count: int) -> bool:
        snapshot = self._snapshot
        self._view.ask = replace(self._view.ask, start=start, count=count)
        if snapshot is None:
            return True
        held = range(snapshot.start, snapshot.start + len(snapshot.rows) + 1)
        end = min(start + count, snapshot.total)
        return not (start in held and end in held)

    def _filter_name(self) -> str:
        return f"{super()._filter_name()}{self.batch_id}"

    def apply_filter(self, filter_: Filter) -> None:
        """Filter the list."""
        self._from_top()
        self._say_why_empty()
        self._view.ask = replace(self._view.ask, filter=filter_, start=0)
        self.feed.abandon()

    def order_lines(self) -> Sequence[MenuLine]:
        """Return the orders of jobs."""
        return ORDER_LINES

    @on(Rows.HeadPressed)
    def sort_by(self, message: Rows.HeadPressed) -> None:
        """Sort by a column whose heading was clicked; another click on scores reverses them."""
        order = SORTED_BY.get(message.title)
        if order == "worst" and self._view.ask.order == "worst":
            order = "best"
        if order is not None:
            self.choose_order(order)

    def apply_order(self, order: str, *, reverse: bool) -> None:
        """Sort the list."""
        self.dashboard.remembered.order = order
        self._from_top()
        self._view.ask = replace(self._view.ask, order=order, reverse=reverse, start=0)
        self.feed.abandon()

    def _from_top(self) -> None:
        self.rows.forget()
        self.sheet.forget()
        self._view.selected = 0

    def action_back(self) -> None:
        """Clear the filter, then the marks; go back to all batches if there is neither."""
        if not self.clear_something():
            super().action_back()

    def place(self) -> Place:
        """Return this batch."""
        return Place("batch", self.batch_id)

    def selected_state(self) -> str:
        """Return the state of the job under the cursor."""
        row: JobItem | None = self.rows.current
        return row.work_state if row else self.state_of_none()

    def subject(self) -> Subject | None:
        """Return the job under the cursor."""
        subject = super().subject()
        return replace(subject, batch=self.batch_id) if subject else None

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the marked jobs, or the one under the cursor."""
        row: JobItem | None = self.rows.current
        ids = sorted(self.rows.marks) or ([row.id] if row else [])
        if len(ids) == 1:
            called = f"j{ids[0]}" + (f" ({row.key})" if row and row.id == ids[0] else "")
        else:
            called = pluralize(len(ids), "job")
        return [{"job": id_} for id_ in ids], called

    def action_mark_all(self) -> None:
        """Mark all rows of the list, at most 10 000."""
        self.feed.ask(partial(self._ids, 0, MAX_MARKS), self, self.rows.mark)
        if self.rows.total > MAX_MARKS:
            self.say(
                f"Marked the first {MAX_MARKS} of {self.rows.total}. To step in on all of them, "
                "go back and do it to the batch.",
                bad=True,
            )

    def action_mark_range(self) -> None:
        """Mark from the last mark to the cursor, at most 10 000."""
        first, last = sorted((self.rows.last_mark, self.rows.cursor))
        self.feed.ask(partial(self._ids, first, last - first + 1), self, self.rows.mark)

    def _ids(self, start: int, count: int, connection: object) -> list[int]:
        return self._view.ids(connection, start, min(count, MAX_MARKS))  # type: ignore[arg-type]

    def spending_of(self) -> int:
        """Return this batch."""
        return self.batch_id

    def action_open(self) -> None:
        """Open the job under the cursor."""
        if row := self.rows.current:
            self.dashboard.open_job(row.id, row.key)

    def action_open_file(self) -> None:
        """Open the best file of the job under the cursor."""
        glance = self._snapshot.glance if self._snapshot else None
        if glance is None or glance.file is None:
            self.say("This job has no file to open yet.", bad=True)
        else:
            self.dashboard.open_file(glance.id, openable("best", glance.file, ""))

    def neighbour(self, job_id: int, step: int) -> tuple[int, str] | None:
        """Return the job `step` rows from one in this list; move the cursor there."""
        row: JobItem | None = self.rows.current
        if row is None or row.id != job_id:
            return None
        other: JobItem | None = self.rows.row(self.rows.cursor + step)
        if other is None:
            return None
        self.rows.go(self.rows.cursor + step)
        return other.id, other.key


def _has(keys: Sequence[tuple[Action, str]], id_: str) -> bool:
    return any(action.id == id_ for action, _ in keys)
