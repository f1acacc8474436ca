"""Jobs as rows of a list, and one job at a glance; cleaned and bounded."""

import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from db.queries import inspect, lists
from db.queries.faces import FileLine, file_line
from db.queries.worked import worked
from db.rating import rating_word
from engine.client.views.files import faces
from engine.client.views.recipe_info import RecipeInfo
from engine.client.views.verdicts import NO_VERDICT, Verdict, read_verdict
from engine.text import figures
from engine.text.terminal import clean

WORDS = 4_000
"""Maximum characters of a text shown at a glance."""

MAX_TIMES = 2_000
"""Number of times above which those of jobs that are not asked for are forgotten."""

RUNNING_SECONDS = 0.5
"""Seconds after which the time of a running job is read again; it is shown in whole seconds."""


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
        words: The error of a failed job; otherwise the critique of its best file, or the latest.
        remedy: Remedy of the error.
        failed: True if the text is an error.
        file: Its best file.
        verdict: What the judge of that file has found.
    """

    id: int
    image: str
    prompt: str
    words: str
    remedy: str
    failed: bool
    file: FileLine | None = None
    verdict: Verdict = NO_VERDICT


@dataclass(frozen=True, slots=True)
class _Read:
    """A time that was read.

    Attributes:
        end: When the job ended; empty if it had not.
        seconds: Its working time.
        until: Time of the monotonic clock from which it is read again.
    """

    end: str
    seconds: float | None
    until: float


class Times:
    """Working times of jobs: of ended ones read once, of running ones now and then."""

    def __init__(self) -> None:
        self._known: dict[int, _Read] = {}

    def of(
        self, connection: sqlite3.Connection, jobs: Sequence[lists.JobLine]
    ) -> dict[int, float | None]:
        """Return seconds by job, for running and ended ones."""
        now = time.monotonic()
        begun = {job.id: job.finished_at or "" for job in jobs if job.state in _TIMED}
        missing = [id_ for id_, end in begun.items() if self._is_stale(id_, end, now)]
        for id_, time_of in (worked(connection, missing) if missing else {}).items():
            until = math.inf if begun[id_] else now + RUNNING_SECONDS
            self._known[id_] = _Read(begun[id_], time_of.seconds, until)
        if len(self._known) > MAX_TIMES:
            self._known = {id_: self._known[id_] for id_ in begun}
        return {id_: self._known[id_].seconds for id_ in begun}

    def _is_stale(self, id_: int, end: str, now: float) -> bool:
        known = self._known.get(id_)
        return known is None or known.end != end or now >= known.until


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
    row = inspect.glance(
        connection, job_id, headline.metric, higher_is_better=better, faces=faces()
    )
    if row is None:
        return None
    wrong = row.error or row.message
    verdict = _verdict(connection, job_id, row)
    file = file_line(connection, row.artifact) if row.artifact else None
    return Glance(
        id=job_id,
        image=file.hash if file else "",
        file=file,
        prompt=clean(row.prompt or "", WORDS, keep_newlines=True),
        words=clean(wrong or verdict.words or row.critique or "", WORDS, keep_newlines=True),
        remedy=clean(row.remedy or "", 1000) if row.error else "",
        failed=bool(wrong),
        verdict=verdict,
    )


def _verdict(connection: sqlite3.Connection, job_id: int, row: inspect.JobGlance) -> Verdict:
    """Return the verdict on the best file; of a part of a part only if nobody judged the whole."""
    verdict = read_verdict(connection, job_id, row.artifact)
    return NO_VERDICT if "/" in verdict.part and row.critique else verdict
