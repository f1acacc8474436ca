"""Snapshot of one batch: a page of its jobs, the selected job at a glance, the newest events."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from db.queries import inspect, lists
from db.queries.inspect import FileLine
from db.queries.worked import worked
from db.rating import rating_word
from db.rows import EventRow
from engine.text.terminal import clean
from tui import formatting as figures
from tui.snapshots.batches import BatchItem, BatchReader, EventReader
from tui.snapshots.faces import Face, FaceReader
from tui.snapshots.files import faces
from tui.snapshots.listing import Listing, Page, PageRequest
from tui.snapshots.recipe_info import Headlines, RecipeInfo

WORDS = 4_000
"""Maximum characters of a text shown at a glance."""


@dataclass(frozen=True, slots=True)
class JobItem:
    """A job in a list, cleaned.

    Attributes:
        time: Its working time as text; empty if it has none.
        outdated: True if its score is older than a decision whose steps are running.
        rating: `1` to `5`, `keep`, `reject`; None if it is not rated.
    """

    id: int
    position: int
    key: str
    state: str
    reason: str
    message: str
    priority: int
    stage: str
    iterations: int
    score: float | None
    scores: tuple[float, ...]
    cost: int
    time: str
    fraction: float | None
    outdated: bool = False
    rating: str | None = None

    @property
    def work_state(self) -> str:
        """Its state; `waiting` if it is parked until something is approved."""
        waits = self.state == "parked" and self.reason == "approval"
        return "waiting" if waits else self.state


@dataclass(frozen=True, slots=True)
class Glance:
    """The selected job beside the list.

    Attributes:
        id: The job.
        image: Hash of its best file, of any kind; empty if there is none.
        prompt: Its newest prompt.
        words: The latest text: a critique or an error.
        remedy: Remedy of the error.
        failed: True if the text is an error.
        file: Its best file.
    """

    id: int
    image: str
    prompt: str
    words: str
    remedy: str
    failed: bool
    file: FileLine | None = None


@dataclass(frozen=True, slots=True)
class BatchSnapshot:
    """Everything on the screen of a batch."""

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


class BatchView:
    """View of one batch.

    Attributes:
        ask: The requested page.
        selected: Job shown at a glance, 0 for none.
        shown: First index and number of rows whose images are shown; none for (0, 0).
    """

    every = 5.0

    def __init__(self, batch_id: int, headlines: Headlines) -> None:
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


class Times:
    """Working times of jobs; those of ended jobs are read once."""

    def __init__(self) -> None:
        self._ended: dict[int, tuple[str, float | None]] = {}

    def of(
        self, connection: sqlite3.Connection, jobs: Sequence[lists.JobLine]
    ) -> dict[int, float | None]:
        """Return seconds by job, for running and ended ones."""
        begun = [job for job in jobs if job.state in _TIMED]
        known = {job.id: self._ended.get(job.id, ("", None)) for job in begun}
        missing = [job for job in begun if known[job.id][0] != (job.finished_at or "?")]
        found = worked(connection, [job.id for job in missing]) if missing else {}
        fresh = {job.id: (job.finished_at or "", found[job.id].seconds) for job in missing}
        self._ended.update(fresh)
        return {id_: seconds for id_, (_, seconds) in (known | fresh).items()}


_TIMED = {"running", "done", "failed"}


def job_row(job: lists.JobLine, scores: tuple[float, ...], seconds: float | None) -> JobItem:
    """Return a job for a list."""
    return JobItem(
        id=job.id,
        position=job.position,
        key=clean(job.key, 120),
        state=job.state,
        reason=clean(job.reason or "", 30),
        message=clean(job.message or "", 300),
        priority=job.priority,
        stage=clean(job.stage or "", 80),
        iterations=job.iterations,
        score=job.score,
        scores=scores,
        cost=job.cost,
        time=_time(job.state, seconds),
        fraction=None if job.fraction is None else round(job.fraction, 2),
        outdated=bool(job.outdated),
        rating=rating_word(job.rating),
    )


def _time(state: str, seconds: float | None) -> str:
    """Return a job's working time as text; in whole seconds while it runs."""
    if seconds is None or state not in _TIMED:
        return ""
    return figures.duration(int(seconds) if state == "running" else seconds)


def read_glance(connection: sqlite3.Connection, job_id: int, headline: RecipeInfo) -> Glance | None:
    """Return a job at a glance; None if there is none."""
    if not job_id:
        return None
    better = headline.higher_is_better
    found = inspect.glance(
        connection, job_id, headline.metric, higher_is_better=better, faces=faces()
    )
    if found is None:
        return None
    wrong = found.error or found.message
    file = inspect.file_line(connection, found.artifact) if found.artifact else None
    return Glance(
        id=job_id,
        image=file.hash if file else "",
        file=file,
        prompt=clean(found.prompt or "", WORDS, keep_newlines=True),
        words=clean(wrong or found.critique or "", WORDS, keep_newlines=True),
        remedy=clean(found.remedy or "", 1000) if found.error else "",
        failed=bool(wrong),
    )
