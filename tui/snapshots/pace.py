"""How fast batches go and how long they take."""

import sqlite3
import time
from dataclasses import dataclass

from db.queries import lists
from tui import formatting as figures

RENEW_SECONDS = 1.0
STALE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a batch goes.

    Attributes:
        per_second: Jobs that end in a second; None where that cannot be said.
        per_job: Micro-dollars that a job costs; None where that cannot be said.
    """

    per_second: float | None = None
    per_job: float | None = None


class BatchPace:
    """How fast running batches go, from their newest events; looked up once a second."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Speed]] = {}

    def of(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> Speed:
        """How fast a batch goes."""
        if batch.state != "running" or not batch.ended:
            return Speed()
        at, value = self._known.get(batch.id, (-RENEW_SECONDS, Speed()))
        if time.monotonic() - at >= RENEW_SECONDS:
            per_job = lists.usual_cost(connection, batch.id) if batch.cost else None
            value = Speed(measure(lists.newest_ends(connection, batch.id)), per_job)
            self._known[batch.id] = (time.monotonic(), value)
        return value


def projected(batch: lists.BatchLine, per_job: float | None) -> int:
    """Micro-dollars that a batch is going to cost in all, about; 0 where that cannot be said."""
    if not per_job:
        return 0
    return round(batch.cost + per_job * (batch.queued + batch.running))


def measure(ends: list[str]) -> float | None:
    """Jobs a second, from the times at which the newest of them ended, oldest first."""
    recent = [age for end in ends if (age := figures.age(end)) is not None and age < STALE_SECONDS]
    if len(recent) < 2 or recent[0] <= 0:
        return None
    return len(recent) / recent[0]


def time_left(batch: lists.BatchLine, per_second: float | None) -> float | None:
    """Seconds until nothing of a batch is queued or running; None where that cannot be said."""
    if not per_second:
        return None
    return (batch.queued + batch.running) / per_second
