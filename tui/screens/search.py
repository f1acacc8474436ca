"""Screen of a search over all batches: the jobs whose words match, with some of the words."""

from collections.abc import Iterator
from pathlib import Path

from textual import on, work
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.client.search import SearchHit, nothing_matches
from engine.text import figures
from engine.text.plural import pluralize
from engine.text.terminal import clean
from tui.actions import bindings
from tui.actions.by_state import NOTHING
from tui.feed import View
from tui.screens.base import BaseScreen
from tui.snapshots.search import LIMIT, HitItem, SearchSnapshot, SearchView
from tui.states import look
from tui.widgets.bars import TopBar
from tui.widgets.columns import ListColumn, Run
from tui.widgets.rows import Rows

MOST_BEFORE = 10
"""Characters of a snippet before its first match."""


def _state(row: HitItem) -> list[Run]:
    return [(look(row.hit.state).shape, look(row.hit.state).tone)]


def _job(row: HitItem) -> list[Run]:
    return [(figures.rating(row.hit.rating), "running"), (row.hit.key, "strong")]


def _batch(row: HitItem) -> list[Run]:
    away = " archived" if row.hit.archived else ""
    return [(f"{row.hit.batch} {row.hit.batch_name}{away}", "muted")]


def _words(row: HitItem) -> list[Run]:
    """Return the snippet, with the words of the query strong."""
    hit, at = row.hit, _start(row.hit)
    runs: list[Run] = [(f"{hit.part or hit.field}: {'…' if at else ''}", "muted")]
    for first, end in hit.marks:
        if first >= at:
            runs += [(hit.snippet[at:first], ""), (hit.snippet[first:end], "strong")]
            at = end
    return [*runs, (hit.snippet[at:], "")]


def _start(hit: SearchHit) -> int:
    """Return where a snippet starts so that a narrow column has its first match."""
    first = hit.marks[0][0] if hit.marks else 0
    start = max(0, first - MOST_BEFORE)
    space = hit.snippet.find(" ", start, first) if start else -1
    return space + 1 if space >= 0 else start


COLUMNS: tuple[ListColumn[HitItem], ...] = (
    ListColumn("", 1, _state),
    ListColumn("job", 16, _job, grow=1),
    ListColumn("batch", 12, _batch, grow=1, needs=70),
    ListColumn("score", 5, lambda r: [(figures.score(r.hit.score), "strong")], right=True),
    ListColumn("words", 30, _words, grow=4),
)


def _summary(snapshot: SearchSnapshot) -> str:
    """Return how many jobs match, and how many are not indexed yet."""
    number = len(snapshot.rows)
    most = number >= LIMIT
    parts = []
    if number:
        jobs = f"the newest {figures.count(number)} jobs" if most else pluralize(number, "job")
        parts.append(f"{jobs}, the newest first" if number > 1 and not most else jobs)
    if snapshot.unindexed:
        behind = pluralize(snapshot.unindexed, "finished job is", "finished jobs are")
        parts.append(f"{behind} not indexed yet")
    return "   ".join(parts)


class SearchScreen(BaseScreen):
    """Jobs of all batches whose words match.

    Args:
        text: The words.
    """

    WHERE = "search"
    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = bindings("search")

    def __init__(self, text: str) -> None:
        super().__init__()
        self._view = SearchView(text)
        self._has_indexed = False

    @property
    def view(self) -> View:
        """Return the view of the search."""
        return self._view

    @property
    def rows(self) -> Rows[HitItem]:
        """Return the list."""
        return self.query_one(Rows)

    def compose_body(self) -> Iterator[Widget]:
        """Compose the words, their number of jobs, and the list."""
        yield Input(
            self._view.text, placeholder='words  "a phrase"  -not', id="words", compact=True
        )
        yield Static("", id="found", markup=False)
        yield Rows(COLUMNS, id="hits")

    def on_mount(self) -> None:
        """Return the crumbs; without words, ask for them."""
        self._show_trail()
        if not self._view.text:
            self.query_one(Input).focus()

    def _show_trail(self) -> None:
        trail = f"search {clean(self._view.text, 60)}".rstrip()
        self.query_one(TopBar).set_trail(trail, read_only=self.dashboard.read_only)

    async def show(self, snapshot: SearchSnapshot) -> None:
        """Show the jobs."""
        self.rows.set_rows(len(snapshot.rows), 0, snapshot.rows)
        self.rows.set_empty(nothing_matches(snapshot.text) if snapshot.text.strip() else "")
        self.query_one("#found", Static).update(_summary(snapshot))
        if snapshot.unindexed and not self._has_indexed and not self.dashboard.read_only:
            self._has_indexed = True
            self._index()

    @work(thread=True, exit_on_error=False)
    def _index(self) -> None:
        """Index what no engine has indexed, and search again."""
        from engine.client.workspace import Workspace

        Workspace(self.dashboard.paths.root, check_settings=False).index_words()
        self._view.expire()
        self.feed.wake()

    def search_for(self, text: str) -> None:
        """Search for other words."""
        self._view.text = text
        self._show_trail()
        self.rows.go(0)
        self.feed.abandon()

    @on(Input.Changed, "#words")
    def typed(self, message: Input.Changed) -> None:
        """Search while typing."""
        message.stop()
        if message.value != self._view.text:
            self.search_for(message.value)

    @on(Input.Submitted, "#words")
    def submitted(self, message: Input.Submitted) -> None:
        """Go to the list."""
        message.stop()
        self.rows.focus()

    def selected_state(self) -> str:
        """Return that there is nothing, if no job matches."""
        return "" if self.rows.total else NOTHING

    def action_edit_search(self) -> None:
        """Type other words."""
        line = self.query_one(Input)
        line.focus()
        line.select_all()

    def action_open_hit(self) -> None:
        """Open the job under the cursor, at the part that matches."""
        if row := self.rows.current:
            self.dashboard.open_job(row.id, row.hit.key, row.hit.part)

    @on(Rows.Chosen)
    def chosen(self) -> None:
        """Open a row that was clicked twice."""
        self.action_open_hit()

    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the job under the cursor."""
        row = self.rows.current
        return ([{"job": row.id}], row.hit.job) if row else ([], "")
