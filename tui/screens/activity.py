"""Screen of the activity: events by job, the engine's log, traces, and an operator's commands."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from tui.actions import bindings
from tui.actions.by_state import FAULTLESS, NOTHING, UNMATCHED
from tui.feed import View
from tui.screens.filtered import FilterInput
from tui.screens.viewed import ViewedScreen
from tui.snapshots.activity import (
    FAULTS,
    ActivityItem,
    ActivitySnapshot,
    HistoryView,
    commands_view,
    events_view,
    parse_filter,
    traces_view,
)
from tui.snapshots.engine_log import EngineLogView
from tui.snapshots.places import Place
from tui.widgets.activity_bar import TABS, ActivityBar
from tui.widgets.activity_rows import ActivityRows
from tui.widgets.bars import TopBar
from tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui.snapshots.texts import TextKind

EVENTS, LOG, TRACES, COMMANDS = range(4)

_EMPTY = (
    "No events yet: what jobs and batches do is listed here as an engine runs them.",
    "No engine has written a log yet; E starts one.",
    "No traces yet. The setting engine.traces says for which steps they are kept.",
    "You have done nothing here yet: what you pause, retry or edit is listed with its command.",
)
"""Text of each tab, if it is empty."""

_NO_FAULTS = "Nothing has gone wrong.\nf lists everything again."
_NO_MATCH = "Nothing matches the filter.\nesc clears it, / writes another."


class ActivityScreen(ViewedScreen):
    """The history of the workspace, or of one batch.

    Args:
        batch_id: The batch; None for all.
    """

    WHERE = "activity"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("activity")

    def __init__(self, batch_id: int | None = None) -> None:
        super().__init__()
        self.batch_id = batch_id
        self._only = batch_id
        self._tab = EVENTS
        self._text = ""
        self._faults = False
        self._view: HistoryView | EngineLogView | None = None

    @property
    def view(self) -> View:
        """Return the view of the present tab."""
        if self._view is None:
            self._view = self._view_of_tab()
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the tabs, the filter, the list."""
        yield self.view_bar(4)
        yield ActivityBar()
        line = FilterInput(
            placeholder="words  ~ltrs  level:error  batch:b3  !not these",
            id="filter",
            compact=True,
            select_on_focus=False,
        )
        line.display = False
        yield line
        yield ActivityRows()

    def on_mount(self) -> None:
        """Return the crumbs."""
        self.query_one(TopBar).set_trail("activity", read_only=self.dashboard.read_only)
        self._show_bar()

    @property
    def rows(self) -> ActivityRows:
        """Return the list."""
        return self.query_one(ActivityRows)

    async def show(self, snapshot: ActivitySnapshot) -> None:
        """Show what was read; read on if the page is not full yet."""
        rows = self.rows
        rows.set_empty(self._why_empty())
        rows.set_history(snapshot.total, snapshot.start, snapshot.rows, snapshot.fresh)
        self._show_bar()
        if not snapshot.complete and snapshot.total <= self._view_end():
            self.feed.wake()

    def _why_empty(self) -> str:
        if self._text:
            return _NO_MATCH
        return _NO_FAULTS if self._faults else _EMPTY[self._tab]

    def _view_end(self) -> int:
        view = self._view
        return view.start + view.count if view else 0

    # -- tabs, filter -------------------------------------------------------------------------

    def _view_of_tab(self) -> HistoryView | EngineLogView:
        wanted, _ = parse_filter(self._text, self._only)
        if self._tab == LOG:
            log = EngineLogView(self.dashboard.paths.logs)
            log.narrow(wanted, faults=self._faults)
            return log
        if self._tab == TRACES:
            return traces_view()
        if self._tab == COMMANDS:
            return commands_view()
        if self._faults and not wanted.levels:
            wanted = replace(wanted, levels=FAULTS)
        return events_view(wanted, self.dashboard.headlines)

    def _renew(self) -> None:
        """Read another list from its top."""
        self._view = None
        self.rows.forget()
        self.feed.show((self.view, self), (self.dashboard.head_view, self))
        self._show_bar()

    def _show_bar(self) -> None:
        wanted, _ = parse_filter(self._text, self._only)
        batch = f"b{wanted.batch_id}" if wanted.batch_id and self._tab == EVENTS else ""
        rows = self.rows
        self.query_one(ActivityBar).show(
            self._tab, batch, faults=self._faults, following=rows.following, unseen=rows.unseen
        )

    @on(ActivityBar.Chosen)
    def tab_chosen(self, message: ActivityBar.Chosen) -> None:
        """Show a tab that was clicked."""
        self._go_tab(message.tab)

    def _go_tab(self, tab: int) -> None:
        self._tab = tab % len(TABS)
        self._renew()

    def action_next_tab(self) -> None:
        """Show the next tab."""
        self._go_tab(self._tab + 1)

    def action_previous_tab(self) -> None:
        """Show the tab before."""
        self._go_tab(self._tab - 1)

    def action_faults(self) -> None:
        """Show only warnings and errors, or all again."""
        self._faults = not self._faults
        self._renew()

    def action_all_batches(self) -> None:
        """Show the events of all batches, or only those of the row's batch."""
        row: ActivityItem | None = self.rows.current
        self._only = None if self._only is not None else row.batch if row else None
        self._renew()

    def action_follow(self) -> None:
        """Follow the newest line, or no longer."""
        self.rows.hold()
        self._show_bar()

    def action_filter(self) -> None:
        """Edit the filter."""
        line = self.query_one(FilterInput)
        line.display = True
        line.focus()

    @on(Input.Changed, "#filter")
    def filter_typed(self, message: Input.Changed) -> None:
        """Filter the list while typing."""
        message.stop()
        if message.value != self._text:
            self._text = message.value
            _, unknown = parse_filter(self._text, self._only)
            self.query_one(FilterInput).set_class(bool(unknown), "-wrong")
            self._renew()

    @on(Input.Submitted, "#filter")
    def filter_done(self, message: Input.Submitted) -> None:
        """Go back to the list."""
        message.stop()
        self.query_one(FilterInput).display = bool(message.value)
        self.rows.focus()

    def action_back(self) -> None:
        """Clear the filter; go back if there is none."""
        if self._text:
            line = self.query_one(FilterInput)
            line.value, line.display = "", False
        else:
            super().action_back()

    # -- rows ---------------------------------------------------------------------------------

    @on(Rows.Wanted)
    def wanted(self, message: Rows.Wanted) -> None:
        """Read the rows that have scrolled into view."""
        view = self._view
        if view is not None and message.count > 3:
            view.start, view.count = message.start, message.count
            self.feed.wake()

    @on(Rows.Moved)
    def moved(self) -> None:
        """Show whether the newest line is followed."""
        self._show_bar()

    @on(Rows.Chosen)
    async def chosen(self) -> None:
        """Open a row that was clicked twice."""
        await self.run_action("open")

    def selected_state(self) -> str:
        """Return why no row is there; empty if there is one."""
        if self.rows.total:
            return ""
        return UNMATCHED if self._text else FAULTLESS if self._faults else NOTHING

    def place(self) -> Place:
        """Return this view."""
        return Place("activity", self.batch_id or 0)

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the job or the batch of the row under the cursor."""
        row: ActivityItem | None = self.rows.current
        if row is None or (row.job is None and row.batch is None):
            return [], ""
        if row.job is not None:
            return [{"job": row.job}], f"j{row.job}"
        return [{"batch": row.batch or 0}], f"b{row.batch}"

    def spending_of(self) -> int | None:
        """Return the batch that is shown."""
        return self._only

    def action_open(self) -> None:
        """Open the job or the batch of the row under the cursor."""
        row: ActivityItem | None = self.rows.current
        if row is not None and row.job is not None:
            self.dashboard.open_job(row.job, row.key or f"j{row.job}")
        elif row is not None and row.batch is not None:
            self.dashboard.open_batch(row.batch, row.subject)
        else:
            self.say("This line is about no job or batch.", bad=True)

    def action_view_text(self) -> None:
        """Show the whole record or answer, or the texts of the job of the row under the cursor."""
        row: ActivityItem | None = self.rows.current
        if row is not None and row.whole and (self._tab in {LOG, COMMANDS} or row.job is None):
            kind: TextKind = "log" if self._tab == LOG else "text"
            self.dashboard.show_text(row.subject, row.whole, kind)
        else:
            super().action_view_text()

    def action_copy(self) -> None:
        """Copy the command line, the record, or the id of the row under the cursor."""
        row: ActivityItem | None = self.rows.current
        if row is not None and row.copied:
            self.app.copy_to_clipboard(row.copied)
        else:
            super().action_copy()
