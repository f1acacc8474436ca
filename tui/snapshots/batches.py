"""Snapshot of the list of batches."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.queries import lists
from db.queries.batches import best_score
from db.rows import EventRow
from engine.client.views.recipe_info import Headlines
from engine.text import figures
from engine.text.terminal import clean
from tui.snapshots.batch_glance import BatchGlance, BestJob, GlanceReader
from tui.snapshots.pace import BatchPace, projected, time_left

EVENTS = 100

SOON, LATER = 0.5, 5.0
"""Seconds until the first snapshot, and every later one, is read again."""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A batch for display: cleaned, with figures as text if they would change all the time."""

    id: int
    name: str
    recipe: str
    state: str
    priority: int
    total: int
    done: int
    counts: tuple[tuple[str, int], ...]
    failed: int
    parked: int
    best: float | None
    cost: int
    budget: int | None
    projected: int
    rate: str
    left: str
    trouble: str
    age: str = ""
    starred: bool = False
    note: str = ""
    archived: bool = False

    @property
    def searched(self) -> str:
        """The text that filters search: id, name, recipe and note, in lower case."""
        return f"b{self.id} {self.name} {self.recipe} {self.note}".lower()


class BatchReader:
    """Builder of rows of batches."""

    def __init__(self, headlines: Headlines) -> None:
        self._headlines = headlines
        self._pace = BatchPace()

    def row(
        self, connection: sqlite3.Connection, line: lists.BatchLine, *, wait: bool = True
    ) -> BatchItem:
        """Return a batch for display; without `wait` the best score may be the highest."""
        headline = self._headlines.of(line.recipe, wait=wait)
        pace = self._pace.of(connection, line)
        return BatchItem(
            id=line.id,
            name=clean(line.name, 120),
            recipe=clean(line.recipe, 60),
            state=line.state,
            priority=line.priority,
            total=line.total,
            done=line.done,
            counts=tuple((state, getattr(line, state)) for state in _BAR),
            failed=line.failed,
            parked=line.parked,
            best=best_score(connection, line.id, higher_is_better=headline.higher_is_better),
            cost=line.cost,
            budget=line.budget,
            projected=_rounded(projected(line, pace.per_job)),
            rate=figures.rate(pace.per_second),
            left=figures.duration(time_left(line, pace.per_second)),
            trouble=clean(line.finish_error or ""),
            age=_age(line.created_at),
            starred=bool(line.starred),
            note=clean(line.note, 200),
            archived=bool(line.archived),
        )


def _age(at: str) -> str:
    """Return the time since a batch was queued, in its largest unit: it changes rarely."""
    seconds = figures.age(at)
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "now"


def _rounded(cost: int) -> int:
    """Round to two digits: more are not known, and would change all the time."""
    return int(float(f"{cost:.1e}"))


_BAR = ("done", "failed", "cancelled", "parked", "paused", "running", "queued")


@dataclass(frozen=True, slots=True)
class BatchesSnapshot:
    """Everything on the screen of batches."""

    rows: tuple[BatchItem, ...]
    events: tuple[EventRow, ...]
    glance: BatchGlance | None = None
    best: Mapping[int, BestJob] = field(default_factory=dict)


class EventReader:
    """Reader of the newest events, each of them once.

    Args:
        batch_id: The batch; None for the whole workspace.
    """

    def __init__(self, batch_id: int | None) -> None:
        self._batch_id = batch_id
        self._known: tuple[EventRow, ...] = ()

    def read(self, connection: sqlite3.Connection) -> tuple[EventRow, ...]:
        """Return the newest ones, oldest first, with messages cleaned for display."""
        last = self._known[-1].id if self._known else 0
        fresh = lists.newest_events(connection, self._batch_id, EVENTS, after=last)
        cleaned = (replace(event, message=clean(event.message, 300)) for event in fresh)
        self._known = (*self._known, *cleaned)[-EVENTS:]
        return self._known


class BatchesView:
    """View of the newest batches.

    Attributes:
        selected: The batch shown at a glance, 0 for none.
        shown: Batches whose best image is shown.
        archived: True to list archived batches too.

    The first snapshot does not wait for recipes to be imported, and is corrected a moment later.
    """

    def __init__(self, headlines: Headlines) -> None:
        self._reader = BatchReader(headlines)
        self._events = EventReader(None)
        self._glances = GlanceReader(headlines)
        self.selected = 0
        self.shown: tuple[int, ...] = ()
        self._first = True
        self.archived = False
        self.every = SOON

    def read(self, connection: sqlite3.Connection, version: int) -> BatchesSnapshot:
        """Return the newest 500 batches, and the newest events of the workspace."""
        lines = lists.batch_lines(connection, archived=self.archived)
        first, self._first = self._first, False
        self.every = SOON if first else LATER
        return BatchesSnapshot(
            rows=tuple(self._reader.row(connection, line, wait=not first) for line in lines),
            events=self._events.read(connection),
            glance=None if first else self._glance(connection, lines),
            best={} if first else self._best(connection, lines),
        )

    def _glance(
        self, connection: sqlite3.Connection, lines: Sequence[lists.BatchLine]
    ) -> BatchGlance | None:
        line = next((line for line in lines if line.id == self.selected), None)
        return None if line is None else self._glances.of(connection, line)

    def _best(
        self, connection: sqlite3.Connection, lines: Sequence[lists.BatchLine]
    ) -> dict[int, BestJob]:
        """Return the best job of each batch whose image is shown."""
        wanted = [line for line in lines if line.id in self.shown]
        best = {line.id: self._glances.best(connection, line, 1) for line in wanted}
        return {id_: jobs[0] for id_, jobs in best.items() if jobs}
