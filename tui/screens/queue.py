"""Screen of the queue: what runs, what comes next across batches, what waits, and the lanes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tui.actions import BY_ID, bindings
from tui.actions.by_state import NOTHING
from tui.actions.key_names import key_name, keys_of
from tui.feed import View
from tui.screens.viewed import ViewedScreen
from tui.snapshots.places import Place
from tui.snapshots.queue import LaneItem, QueueItem, QueueSnapshot, QueueView
from tui.widgets.bars import KeyBar, TopBar
from tui.widgets.over_time import OverTimePanel
from tui.widgets.queue_bar import QueueBar
from tui.widgets.queue_rows import LaneRows, QueueRows
from tui.widgets.rows import Rows

HEAD, MOST_LANES = 2, 6
"""Lines of a border and a heading, and maximum lines of lanes."""

WIDEST = 256

_OF_LANES = {"wider", "narrower"}


class QueueScreen(ViewedScreen):
    """The queue of the whole workspace.

    Args:
        batch_id: The batch whose first row is selected; None for the first of all.
    """

    WHERE = "queue"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("queue")

    def __init__(self, batch_id: int | None = None) -> None:
        super().__init__()
        self.batch_id = batch_id
        self._placed = False
        self._approvals = False
        self._has_lanes = False
        self._view = QueueView()

    @property
    def view(self) -> View:
        """Return the view of the queue."""
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the sum, the queue, the lanes."""
        yield self.view_bar(3)
        yield QueueBar()
        with Horizontal(id="panels"):
            with Vertical():
                yield QueueRows()
                yield Static(id="why", markup=False)
                yield LaneRows()
            yield OverTimePanel()

    def on_mount(self) -> None:
        """Return the crumbs."""
        self.query_one(TopBar).set_trail("queue", read_only=self.dashboard.read_only)

    @property
    def rows(self) -> QueueRows:
        """Return the list of jobs."""
        return self.query_one(QueueRows)

    async def show(self, snapshot: QueueSnapshot) -> None:
        """Show what was read."""
        self.query_one(QueueBar).set_queue(snapshot)
        waits = any(item.shape == "waiting" for item in snapshot.items)
        present = waits and not self.dashboard.read_only, bool(snapshot.lanes)
        if present != (self._approvals, self._has_lanes):
            self._approvals, self._has_lanes = present
            self.query_one(KeyBar).set_keys(list(self._keys()))
        self.rows.set_rows(len(snapshot.items), 0, snapshot.items)
        lanes = self.query_one(LaneRows)
        lanes.set_rows(len(snapshot.lanes), 0, snapshot.lanes)
        lanes.styles.height = HEAD + max(1, min(MOST_LANES, len(snapshot.lanes)))
        self._show_why()
        self.query_one(OverTimePanel).set_figures(snapshot.over_time, snapshot.devices)
        if not self._placed:
            self._placed = True
            self._place(snapshot)

    @on(Rows.Moved)
    def _show_why(self) -> None:
        """Show the whole text of what waits under the cursor, if its line is too short."""
        why, text = self.query_one("#why", Static), self.rows.hidden_text
        why.display = bool(text)
        why.update(text)

    def _place(self, snapshot: QueueSnapshot) -> None:
        """Select the first row of the batch that the screen was opened from."""
        wanted = (i for i, row in enumerate(snapshot.items) if self._is_first(row))
        self.rows.go(next(wanted, 1))

    def _is_first(self, row: QueueItem) -> bool:
        return row.batch is not None and self.batch_id in {None, row.batch}

    def _keys(self) -> Iterator[tuple[Any, str]]:
        """Yield the keys of the footer; those of approvals and lanes only if there are any."""
        keys = list(super()._keys())
        if not self._has_lanes:
            keys = [(action, key) for action, key in keys if action.id not in _OF_LANES]
        if self._approvals and not any(action.id == "approvals" for action, _ in keys):
            approvals = BY_ID["approvals"]
            keys.insert(2, (approvals, key_name(keys_of(approvals, self.dashboard.keymap)[0])))
        yield from keys

    def selected_state(self) -> str:
        """Return the state of the job or the batch under the cursor."""
        row: QueueItem | None = self.rows.current
        return row.shape if row and row.batch is not None else NOTHING

    def place(self) -> Place:
        """Return this view."""
        return Place("queue", self.batch_id or 0)

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the job or the batch under the cursor."""
        row: QueueItem | None = self.rows.current
        if row is None or row.batch is None:
            return [], ""
        if row.job is not None:
            return [{"job": row.job}], f"j{row.job} ({row.key})"
        return [{"batch": row.batch}], f"b{row.batch}"

    def action_approvals(self) -> None:
        """Show all that waits for approval."""
        from tui.screens.approvals import ApprovalsScreen

        self.app.push_screen(ApprovalsScreen())

    def spending_of(self) -> int | None:
        """Return the batch under the cursor."""
        row: QueueItem | None = self.rows.current
        return row.batch if row else None

    @on(Rows.Chosen)
    async def chosen(self) -> None:
        """Open a row that was clicked twice."""
        await self.run_action("open")

    def action_open(self) -> None:
        """Open the job or the batch under the cursor."""
        row: QueueItem | None = self.rows.current
        if row is not None and row.job is not None:
            self.dashboard.open_job(row.job, row.key)
        elif row is not None and row.batch is not None:
            self.dashboard.open_batch(row.batch, row.name.partition(" › ")[0])

    def action_wider(self) -> None:
        """Let one more call at once through the selected lane."""
        self._resize(+1)

    def action_narrower(self) -> None:
        """Let one call fewer at once through the selected lane."""
        self._resize(-1)

    def _resize(self, by: int) -> None:
        lane: LaneItem | None = self.query_one(LaneRows).current
        if lane is None:
            self.say("No engine has opened a lane yet.", bad=True)
            return
        concurrency = max(1, min(WIDEST, lane.concurrency + by))
        if concurrency != lane.concurrency:
            self.send("lane", [], {"lane": lane.name, "concurrency": concurrency})
        else:
            self.say(f"A lane has 1 to {WIDEST} calls at once.")
