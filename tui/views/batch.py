"""One batch: a page of its jobs, the selected job at a glance, the newest events."""

import sqlite3
from dataclasses import dataclass, replace

from db.clock import seconds_between
from db.queries import inspect, lists
from db.rows import Event
from engine.text import clean
from tui import figures
from tui.views.batches import BatchReader, BatchRow, EventReader
from tui.views.headlines import Headlines, Scale
from tui.views.listing import Ask, Listing

WORDS = 4_000
"""Most characters of a text that is shown at a glance."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as a list shows it, cleaned."""

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


@dataclass(frozen=True, slots=True)
class Glance:
    """The selected job beside the list.

    Attributes:
        id: The job.
        picture: Hash of its best picture, empty where there is none.
        prompt: Its newest prompt.
        words: What was said last: a critique, or what went wrong.
        remedy: What to do about what went wrong.
        failed: Whether the words say what went wrong.
    """

    id: int
    picture: str
    prompt: str
    words: str
    remedy: str
    failed: bool


@dataclass(frozen=True, slots=True)
class BatchSnapshot:
    """Everything that the screen of a batch shows."""

    batch: BatchRow | None
    metric: str
    low: float
    high: float
    total: int
    start: int
    rows: tuple[JobRow, ...]
    glance: Glance | None
    events: tuple[Event, ...]


class BatchView:
    """Reads one batch.

    Attributes:
        ask: Which page is wanted.
        selected: Job that is shown at a glance, 0 for none.
    """

    every = 5.0

    def __init__(self, batch_id: int, headlines: Headlines) -> None:
        self.batch_id = batch_id
        self.ask = Ask()
        self.selected = 0
        self._headlines = headlines
        self._reader = BatchReader(headlines)
        self._events = EventReader(batch_id)
        self._listing = Listing(batch_id)

    def read(self, connection: sqlite3.Connection, version: int) -> BatchSnapshot | None:
        """The batch as it is now; without a batch where it is gone."""
        line = lists.batch_line(connection, self.batch_id)
        if line is None:
            return BatchSnapshot(None, "score", 0, 100, 0, 0, (), None, ())
        headline = self._headlines.of(line.recipe)
        ask = replace(self.ask, higher_is_better=headline.higher_is_better)
        page = self._listing.page(connection, line, ask)
        scores = lists.score_history(connection, [job.id for job in page.rows], headline.metric)
        return BatchSnapshot(
            batch=self._reader.row(connection, line),
            metric=clean(headline.metric, 30),
            low=headline.low,
            high=headline.high,
            total=page.total,
            start=page.start,
            rows=tuple(job_row(job, scores.get(job.id, ())) for job in page.rows),
            glance=read_glance(connection, self.selected, headline),
            events=self._events.read(connection),
        )

    def ids(self, connection: sqlite3.Connection, start: int, count: int) -> list[int]:
        """Ids of rows of the list as it is ordered and narrowed now, at most 10 000."""
        line = lists.batch_line(connection, self.batch_id)
        if line is None:
            return []
        better = self._headlines.of(line.recipe).higher_is_better
        ask = replace(self.ask, start=start, count=count, higher_is_better=better)
        return Listing(self.batch_id).ids(connection, line, ask)


def job_row(job: lists.JobLine, scores: tuple[float, ...]) -> JobRow:
    """A job as a list shows it."""
    return JobRow(
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
        time=_time(job),
        fraction=None if job.fraction is None else round(job.fraction, 2),
    )


def _time(job: lists.JobLine) -> str:
    """How long a job has taken; of one that runs, how long so far."""
    if job.state == "running":
        so_far = figures.age(job.started_at)
        return "" if so_far is None else figures.duration(int(so_far))
    if job.state in {"done", "failed"} and job.started_at:
        return figures.duration(seconds_between(job.started_at, job.finished_at))
    return ""


def read_glance(connection: sqlite3.Connection, job_id: int, headline: Scale) -> Glance | None:
    """A job at a glance; None where there is none."""
    if not job_id:
        return None
    better = headline.higher_is_better
    found = inspect.glance(connection, job_id, headline.metric, higher_is_better=better)
    if found is None:
        return None
    wrong = found.error or found.message
    return Glance(
        id=job_id,
        picture=found.picture or "",
        prompt=clean(found.prompt or "", WORDS, keep_newlines=True),
        words=clean(wrong or found.critique or "", WORDS, keep_newlines=True),
        remedy=clean(found.remedy or "", 1000) if found.error else "",
        failed=bool(wrong),
    )
