"""Ended jobs, spending and scores over the last half hour."""

import sqlite3
import time
from dataclasses import dataclass

from db.queries import lists, queue
from db.queries.queue import EndedJob
from engine.text import figures

BUCKETS = 60
BUCKET_SECONDS = 30
MAX_AT_ONCE = 20_000
"""Maximum events that are looked at per read; older ones are left out."""

RECENT_BUCKETS = 10
"""Buckets whose jobs give the present rate: five minutes."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """Figures of each half minute, the oldest first; the last is incomplete.

    Attributes:
        jobs: Jobs that ended.
        cost: Their cost in micro-dollars.
        scores: The mean of their scores; None without any.
    """

    jobs: tuple[int, ...] = ()
    cost: tuple[int, ...] = ()
    scores: tuple[float | None, ...] = ()

    @property
    def per_second(self) -> float | None:
        """Jobs that ended per second in the last minutes; None if there were none."""
        recent = self.jobs[-RECENT_BUCKETS - 1 : -1]
        first = next((index for index, count in enumerate(recent) if count), None)
        if first is None:
            return None
        return sum(recent) / ((len(recent) - first) * BUCKET_SECONDS)


@dataclass(slots=True)
class _Bucket:
    jobs: int = 0
    cost: int = 0
    scored: int = 0
    scores: float = 0.0

    @property
    def mean(self) -> float | None:
        return self.scores / self.scored if self.scored else None


class OverTimeReader:
    """Reader of the figures; after the first read it looks only at new events."""

    def __init__(self) -> None:
        self._after = 0
        self._buckets: dict[int, _Bucket] = {}

    def read(self, connection: sqlite3.Connection) -> OverTime:
        """Return the present figures."""
        newest = lists.newest_event(connection)
        if newest < self._after:  # another store
            self._after, self._buckets = 0, {}
        if newest > self._after:
            for job in queue.ended_since(connection, self._after, MAX_AT_ONCE):
                self._add(job)
            self._after = newest
        now = int(time.time()) // BUCKET_SECONDS
        span = range(now - BUCKETS + 1, now + 1)
        self._buckets = {at: self._buckets[at] for at in span if at in self._buckets}
        buckets = [self._buckets.get(at, _Bucket()) for at in span]
        return OverTime(
            tuple(bucket.jobs for bucket in buckets),
            tuple(bucket.cost for bucket in buckets),
            tuple(bucket.mean for bucket in buckets),
        )

    def _add(self, job: EndedJob) -> None:
        age = figures.age(job.at)
        if age is None or age > BUCKETS * BUCKET_SECONDS:
            return
        at = int(time.time() - age) // BUCKET_SECONDS
        bucket = self._buckets.setdefault(at, _Bucket())
        bucket.jobs += 1
        bucket.cost += job.cost
        if job.score is not None:
            bucket.scored += 1
            bucket.scores += job.score
