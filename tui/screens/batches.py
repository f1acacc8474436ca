"""Screen of all batches of the workspace."""

from collections.abc import Iterator
from pathlib import Path

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui import formatting as figures
from tui.actions import bindings
from tui.feed import View
from tui.screens.filtered import FilteredScreen
from tui.snapshots.batches import BatchesSnapshot, BatchesView, BatchItem
from tui.snapshots.filters import Filter
from tui.states import LOOKS, look
from tui.widgets.bars import TopBar
from tui.widgets.columns import ListColumn, Run
from tui.widgets.event_tail import EventTail
from tui.widgets.rows import Rows
from tui.widgets.view_bar import ViewBar


def _bar(row: BatchItem) -> list[Run]:
    return figures.bar([(number, LOOKS[state].tone) for state, number in row.counts], row.total, 14)


def _name(row: BatchItem) -> list[Run]:
    runs = [(f"b{row.id} ", "muted"), (row.name, "strong")]
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
BEGIN = "Press n to queue a batch: a file of prompts, a recipe and its settings."
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
    ListColumn("prio", 4, lambda r: [(f"{r.priority:+d}" if r.priority else "", "")], needs=104,
           right=True),
)  # fmt: skip


class BatchesScreen(FilteredScreen):
    """All batches: state, progress, failures, best score, spend, rate, time left."""

    WHERE = "batches"
    EMPTY = "No batches here. Press n to queue one."
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("batches")

    def __init__(self) -> None:
        super().__init__()
        self._all: tuple[BatchItem, ...] = ()
        self._filter = Filter()

    @property
    def view(self) -> View:
        """Return the view of the newest batches."""
        return self._view

    def compose_body(self) -> Iterator[Widget]:
        """Compose the filter and the list."""
        self._view = BatchesView(self.dashboard.headlines)
        yield self.view_bar(1)
        yield self.filter_input()
        yield Rows(COLUMNS, empty=self.EMPTY, id="batches")
        with Vertical(id="below"):
            yield EventTail()

    def on_mount(self) -> None:
        """Return the crumbs."""
        root = clean(str(self.dashboard.paths.root.absolute()).replace(str(Path.home()), "~"))
        self.query_one(TopBar).set_trail(root, read_only=self.dashboard.read_only)

    async def show(self, snapshot: BatchesSnapshot) -> None:
        """Show the batches that match the filter."""
        self._all = snapshot.rows
        self._show()
        self.query_one(EventTail).add(snapshot.events)

    def greet(self, *, is_new: bool) -> None:
        """Show the first steps in a workspace in which nothing was ever queued."""
        begin = WATCHING if self.dashboard.read_only else BEGIN
        self.EMPTY = f"{GREETING}\n\n{begin}\n{ELSEWHERE}" if is_new else type(self).EMPTY
        self._show()

    def _show(self) -> None:
        wanted = self._filter
        shown = [
            row
            for row in self._all
            if row.matches(wanted.words, wanted.without)
            and (wanted.states is None or _any_in(row, wanted.states))
        ]
        self.show_empty(len(self._all), "batch", "batches")
        self.rows.set_rows(len(shown), 0, shown)
        self._show_place()

    @on(Rows.Moved)
    def _show_place(self) -> None:
        self.query_one(ViewBar).set_list(self.list_place("", len(self._all)))

    def apply_filter(self, filter_: Filter) -> None:
        """Filter the list."""
        self._filter = filter_
        self._show()

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

    @on(Rows.Wanted)
    def wanted(self) -> None:
        """Do nothing: all rows are held already."""

    def spending_of(self) -> int | None:
        """Return the batch under the cursor."""
        return self.rows.current.id if self.rows.current else None

    def action_open(self) -> None:
        """Open the batch under the cursor."""
        if row := self.rows.current:
            self.dashboard.open_batch(row.id, row.name)

    def action_new_batch(self) -> None:
        """Queue a new batch."""
        self.dashboard.new_batch()


def _any_in(row: BatchItem, states: tuple[str, ...]) -> bool:
    return any(number and state in states for state, number in row.counts)
