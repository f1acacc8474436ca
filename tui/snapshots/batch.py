"""Snapshot of one batch: a page of its jobs, the selected job at a glance, the newest events."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.queries import lists
from db.queries.gates import batch_waits
from db.rows import EventRow
from engine.client.views.faces import Face, FaceReader
from engine.client.views.jobs import Glance, JobItem, Times, job_row, read_glance
from engine.client.views.listing import Listing, Page, PageRequest
from engine.client.views.recipe_info import Headlines
from engine.text.terminal import clean
from tui.snapshots.batches import BatchItem, BatchReader, EventReader


@dataclass(frozen=True, slots=True)
class BatchSnapshot:
    """Everything on the screen of a batch.

    `waits` is true if the batch itself waits for approval.
    """

    batch: BatchItem | None
    metric: str
    low: float
    high: float
    total: int
    start: int
    rows: tuple[JobItem, ...]
    glance: Glance | None
    events: tuple[EventRow, ...]
    faces: Mapping[int, Face] = field(default_factory=dict)
    waits: bool = False


USUAL_SECONDS, SOON_SECONDS = 5.0, 0.05
"""Seconds after which a batch is read again; while its list is still prepared, soon."""


class BatchView:
    """View of one batch.

    Attributes:
        ask: The requested page.
        selected: Job shown at a glance, 0 for none.
        shown: First index and number of rows whose images are shown; none for (0, 0).
    """

    def __init__(self, batch_id: int, headlines: Headlines) -> None:
        self.every = USUAL_SECONDS
        self.batch_id = batch_id
        self.ask = PageRequest()
        self.selected = 0
        self.shown = (0, 0)
        self._headlines = headlines
        self._reader = BatchReader(headlines)
        self._events = EventReader(batch_id)
        self._listing = Listing(batch_id)
        self._times = Times()
        self._faces = FaceReader()

    def read(self, connection: sqlite3.Connection, version: int) -> BatchSnapshot | None:
        """Return the present batch; without a batch if it is gone."""
        line = lists.batch_line(connection, self.batch_id)
        if line is None:
            return BatchSnapshot(None, "score", 0, 100, 0, 0, (), None, ())
        headline = self._headlines.of(line.recipe)
        ask = replace(self.ask, higher_is_better=headline.higher_is_better)
        page = self._listing.page(connection, line, ask)
        self.every = USUAL_SECONDS if self._listing.is_ready else SOON_SECONDS
        times = self._times.of(connection, page.rows)
        scores = lists.score_history(connection, [job.id for job in page.rows], headline.metric)
        return BatchSnapshot(
            batch=self._reader.row(connection, line),
            metric=clean(headline.metric, 30),
            low=headline.low,
            high=headline.high,
            total=page.total,
            start=page.start,
            rows=tuple(
                job_row(job, scores.get(job.id, ()), times.get(job.id)) for job in page.rows
            ),
            glance=read_glance(connection, self.selected, headline),
            events=self._events.read(connection),
            faces=self._faces.of(connection, self._with_faces(page), headline),
            waits=batch_waits(connection, self.batch_id),
        )

    def _with_faces(self, page: Page) -> Sequence[lists.JobLine]:
        """Return the jobs of a page whose images are shown."""
        first, count = self.shown
        begin = max(0, first - page.start)
        return page.rows[begin : max(begin, first + count - page.start)]

    def ids(self, connection: sqlite3.Connection, start: int, count: int) -> list[int]:
        """Return ids of rows of the list in its present order and filter, at most 10 000."""
        line = lists.batch_line(connection, self.batch_id)
        if line is None:
            return []
        better = self._headlines.of(line.recipe).higher_is_better
        ask = replace(self.ask, start=start, count=count, higher_is_better=better)
        return Listing(self.batch_id).ids(connection, line, ask)
