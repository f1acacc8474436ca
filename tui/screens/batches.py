"""Screen of all batches of the workspace."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine.client.views.filters import Filter
from engine.text import figures
from engine.text.plural import pluralize
from tui.actions import bindings
from tui.actions.by_state import NEW
from tui.feed import View
from tui.screens.causes import CausesScreen
from tui.screens.menu import MenuLine
from tui.snapshots.batch_glance import BatchGlance
from tui.snapshots.batches import BatchesSnapshot, BatchesView, BatchItem
from tui.snapshots.places import Place
from tui.states import LOOKS, look
from tui.widgets.bars import TopBar
from tui.widgets.batch_glance import BatchGlancePanel
from tui.widgets.columns import ListColumn, Run
from tui.widgets.event_tail import EventTail
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet
from tui.widgets.sheet_painter import SheetCell
from tui.widgets.view_bar import ViewBar
from tui.workspaces import shown_root

if TYPE_CHECKING:
    from engine.client.views.whole_jobs import BestOfJobs


def _bar(row: BatchItem) -> list[Run]:
    return figures.bar([(number, LOOKS[state].tone) for state, number in row.counts], row.total, 14)


def _name(row: BatchItem) -> list[Run]:
    star, away = "★ " if row.starred else "", "  archived" if row.archived else ""
    runs = [(f"b{row.id} ", "muted"), (star, "running"), (row.name, "strong"), (away, "muted")]
    runs += [(f"  {row.note}", "muted")] if row.note else []
    return [*runs, (f"  {row.trouble}", "failed")] if row.trouble else runs


def _failed(row: BatchItem) -> list[Run]:
    return [(figures.count(row.failed), "failed" if row.failed else "muted")]


def _state(row: BatchItem) -> list[Run]:
    return [(look(row.state).shape, look(row.state).tone)]


def _done(row: BatchItem) -> list[Run]:
    return [(figures.count(row.done), ""), (f"/{figures.count(row.total)}", "muted")]


def _in_all(row: BatchItem) -> list[Run]:
    over = row.budget is not None and row.projected > row.budget
    if row.projected <= row.cost:
        return [("", "")]
    return [(figures.money(row.projected), "parked" if over else "muted")]


GREETING = "Welcome to Safelight. Nothing has been queued in this workspace yet."
BEGIN = """enter  paint the demo: twelve images, on this computer, for nothing
n      type a prompt, or choose a file of prompts, a recipe and its settings"""
TOUR = """A batch holds jobs, one per prompt; enter opens, esc goes back.
Each job paints, judges and refines; v shows any text whole, Y copies it.
t retries what failed, e edits a prompt, c chooses a result, = compares.
a queues something again with other settings; : goes anywhere.
The engine works on when you leave; ? lists the keys of each screen."""
WATCHING = "This dashboard only watches; batches queued elsewhere appear automatically."
ELSEWHERE = "Another workspace: safelight --workspace DIR"

COLUMNS: tuple[ListColumn[BatchItem], ...] = (
    ListColumn("", 1, _state),
    ListColumn("batch", 14, _name, grow=3),
    ListColumn("recipe", 8, lambda r: [(r.recipe, "muted")], grow=1, needs=96),
    ListColumn("state", 17, lambda r: [(look(r.state).word, look(r.state).tone)], needs=112),
    ListColumn("progress", 14, _bar),
    ListColumn("done", 9, _done, right=True),
    ListColumn("fail", 5, _failed, right=True),
    ListColumn("best", 5, lambda r: [(figures.score(r.best), "")], right=True),
    ListColumn("spend", 7, lambda r: [(figures.money(r.cost), "")], right=True),
    ListColumn("in all", 7, _in_all, right=True, needs=126),
    ListColumn("rate", 5, lambda r: [(r.rate, "muted")], right=True, needs=82),
    ListColumn("left", 6, lambda r: [(r.left, "")], right=True),
    ListColumn("age", 4, lambda r: [(r.age, "muted")], right=True, needs=79),
    ListColumn("prio", 4, lambda r: [(f"{r.priority:+d}" if r.priority else "", "")], needs=104,
           right=True),
)  # fmt: skip


_ORDERS: dict[str, tuple[str, Callable[[BatchItem], Any] | None]] = {
    "newest": ("newest first", None),
    "trouble": ("trouble first", lambda r: (-r.failed - r.parked, -r.id)),
    "best": ("best first", lambda r: (r.best is None, -(r.best or 0), -r.id)),
    "spend": ("dearest first", lambda r: (-r.cost, -r.id)),
    "left": ("least done first", lambda r: (r.done / max(1, r.total), -r.id)),
    "alphabet": ("by name", lambda r: (r.name.lower(), -r.id)),
}
"""Orders of batches: their names, and their keys in a list that has the newest first."""


def batch_cell(row: BatchItem) -> SheetCell:
    """Return the words of a batch in a contact sheet: those of its best job's image."""
    shown = look(row.state)
    return SheetCell(
        key=row.name,
        state=row.state,
        score="" if row.best is None else figures.score(row.best),
        words=f"{shown.shape} {row.done}/{row.total}",
    )


class BatchesScreen(CausesScreen):
    """All batches: state, progress, failures, best score, spend, rate, time left."""

    WHERE = "batches"
    EMPTY = "No batches here.\nn queues one, H lists the archived ones."
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("batches")

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[BatchItem, ...] = ()
        self._filter = Filter()
        self._glance: BatchGlance | None = None
        self._is_read = False

    @property
    def view(self) -> View:
        """Return the view of the newest batches."""
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the filter and the list."""
        self._view = BatchesView(self.dashboard.headlines)
        self.remembered_order()
        yield self.view_bar(1)
        yield self.filter_input()
        with Vertical(id="both"):
            with Horizontal(id="lists"):
                yield (rows := Rows(COLUMNS, empty=self.EMPTY, id="batches"))
                columns, paths = self.dashboard.remembered.sheet_columns, self.dashboard.paths
                yield Sheet(rows.state, batch_cell, paths, columns=columns, id="sheet")
            yield BatchGlancePanel(paths)
        with Vertical(id="below"):
            yield EventTail()

    def on_mount(self) -> None:
        """Return the crumbs."""
        root = shown_root(self.dashboard.paths.root)
        self.query_one(TopBar).set_trail(root, read_only=self.dashboard.read_only)
        if self.dashboard.read_only:
            self.EMPTY = "No batches here."
        self._show_place()

    async def show(self, snapshot: BatchesSnapshot) -> None:
        """Show the batches that match the filter."""
        self._all, self._glance, self._is_read = snapshot.rows, snapshot.glance, True
        self._show()
        self.sheet.set_faces({id_: job.face for id_, job in snapshot.best.items()})
        self.query_one(EventTail).add(snapshot.events)

    def greeting(self) -> str:
        """Return the first steps, and the tour until it was put away."""
        begin = WATCHING if self.dashboard.read_only else BEGIN
        words = [GREETING, f"{begin}\n{ELSEWHERE}"]
        if not self.dashboard.remembered.toured:
            words.append(f"{TOUR}\n(esc puts this away)")
        return "\n\n".join(words)

    def action_clear(self) -> None:
        """Put the tour away; otherwise clear the filter, then the marks."""
        if self.dashboard.is_new and not self.dashboard.remembered.toured:
            self._end_tour()
        else:
            super().action_clear()

    def _end_tour(self) -> None:
        """Show the tour no more, in this workspace or another."""
        self.dashboard.remembered.toured = True
        self.explain()

    def _show(self) -> None:
        if not self._is_read:
            return
        wanted = self._filter
        shown = [
            row
            for row in self._all
            if wanted.matches(row.searched)
            and (wanted.states is None or _any_in(row, wanted.states))
        ]
        name, reverse = self._order
        key = _ORDERS[name][1]
        if key is not None:
            shown.sort(key=key)
        shown = shown[::-1] if reverse else shown
        self.show_empty(len(self._all), "batch", "batches")
        self.rows.set_rows(len(shown), 0, shown)
        self._show_place()
        self.show_keys()

    @on(Rows.Moved)
    def _show_place(self) -> None:
        place = self.list_place(self.order_name(), len(self._all))
        self.query_one(ViewBar).set_list(place)
        row: BatchItem | None = self.rows.current
        self.query_one(BatchGlancePanel).set_glance(row, self._glance)
        if row is not None and row.id != self._view.selected:
            self._view.selected = row.id
            self.call_after_refresh(self.feed.wake)

    def order_lines(self) -> Sequence[MenuLine]:
        """Return the orders of batches."""
        return [MenuLine(name, text, name[0]) for name, (text, _) in _ORDERS.items()]

    def apply_order(self, order: str, *, reverse: bool) -> None:
        """Sort the list."""
        self._show()

    def read_range(self) -> None:
        """Read the images that are visible."""
        first, count = self.visible_cells()
        rows = (self.rows.row(index) for index in range(first, first + count))
        shown = tuple(row.id for row in rows if row is not None)
        if shown != self._view.shown:
            self._view.shown = shown
            self.feed.wake()

    def apply_filter(self, filter_: Filter) -> None:
        """Filter the list."""
        self._filter = filter_
        self._show()

    def selected_state(self) -> str:
        """Return the state of the batch under the cursor."""
        row: BatchItem | None = self.rows.current
        return row.state if row else self.state_of_none()

    def state_of_none(self) -> str:
        """Return why no batch is selected."""
        if self.dashboard.is_new:
            return NEW
        return super().state_of_none() if self._is_read else ""

    def place(self) -> Place:
        """Return the list of all batches."""
        return Place("list")

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the marked batches, or the one under the cursor."""
        ids = sorted(self.rows.marks)
        if not ids and (row := self.rows.current):
            ids = [row.id]
        called = f"b{ids[0]}" if len(ids) == 1 else pluralize(len(ids), "batch", "batches")
        return [{"batch": id_} for id_ in ids], called

    def action_mark_all(self) -> None:
        """Mark all that match the filter."""
        self.rows.mark([row.id for row in self._shown_rows()])

    def action_mark_range(self) -> None:
        """Mark from the nearest mark above to the cursor."""
        shown = self._shown_rows()
        marked = [i for i, row in enumerate(shown) if row.id in self.rows.marks]
        begin = min(marked, key=lambda i: abs(i - self.rows.cursor), default=self.rows.cursor)
        first, last = sorted((begin, self.rows.cursor))
        self.rows.mark([row.id for row in shown[first : last + 1]])

    def _shown_rows(self) -> list[BatchItem]:
        return [row for i in range(self.rows.total) if (row := self.rows.row(i))]

    def spending_of(self) -> int | None:
        """Return the batch under the cursor."""
        return self.rows.current.id if self.rows.current else None

    def action_open(self) -> None:
        """Open the batch under the cursor."""
        if row := self.rows.current:
            self.dashboard.open_batch(row.id, row.name)
        elif self.dashboard.is_new and not self.dashboard.read_only:
            self._end_tour()
            self.dashboard.paint_demo()

    def action_mark_batch(self) -> None:
        """Star the targets, write a note on them, or archive them."""
        from tui.screens.keep import KeepScreen, Mark, batch_choices

        targets, called = self.targets()
        row: BatchItem | None = self.rows.current
        if not targets or row is None:
            self.say("Nothing is selected.", bad=True)
            return

        def mark(chosen: Mark | None) -> None:
            if chosen is not None:
                self.send(chosen.verb, targets, chosen.arguments)

        choices = batch_choices(starred=row.starred, archived=row.archived)
        before = row.note if len(targets) == 1 else ""
        self.app.push_screen(KeepScreen(f"Mark {called}", choices, ("note", "text"), before), mark)

    def action_show_hidden(self) -> None:
        """List archived batches too, or leave them out again."""
        self._view.archived = not self._view.archived
        self.say("Archived batches are listed too." if self._view.archived else
                 "Archived batches are left out.")  # fmt: skip
        self.feed.abandon()

    def action_compare(self) -> None:
        """Compare the best jobs of the marked batches, or of the selected one and its neighbour."""
        from engine.client.views.whole_jobs import best_of_batches

        rows = self.rows
        row: BatchItem | None = rows.current
        below: BatchItem | None = rows.row(rows.cursor + 1)
        pair = (row, below) if below else (rows.row(rows.cursor - 1), row)
        ids = sorted(rows.marks or {one.id for one in pair if one is not None})
        read = partial(
            best_of_batches,
            batch_ids=ids,
            chosen=row.id if row else 0,
            headlines=self.dashboard.headlines,
        )
        self.ask(read, self._compare_best)

    def _compare_best(self, view: "BestOfJobs | None") -> None:
        """Show the best jobs of batches side by side."""
        from tui.screens.compare import CompareScreen

        if view is None:
            self.say("Mark two or more batches with results to compare the best of each.", bad=True)
        else:
            self.app.push_screen(CompareScreen(view, panes=len(self.rows.marks)))

    def action_delete(self) -> None:
        """Delete the targets, after asking with what that frees."""
        from tui.snapshots.freed import freed_by

        targets, called = self.targets()
        if not targets:
            self.say("Nothing is selected.", bad=True)
            return
        read = partial(freed_by, ids=[one["batch"] for one in targets])
        self.ask(read, partial(self._ask_deletion, targets, called))

    def _ask_deletion(self, targets: list[dict[str, int]], called: str, freed: str) -> None:
        """Ask whether batches are deleted, now that it is known what that frees."""
        send = partial(self.send, "delete", targets, {})
        self.confirm(f"Delete {called}? {freed}", send)

    def action_new_batch(self) -> None:
        """Queue a new batch."""
        self.dashboard.new_batch()


def _any_in(row: BatchItem, states: tuple[str, ...]) -> bool:
    return any(number and state in states for state, number in row.counts)
