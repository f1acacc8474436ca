"""Rate and remaining time of batches."""

import sqlite3
import time
from dataclasses import dataclass

from db.queries import lists
from db.queries import pace as queries
from engine.text import figures

RENEW_SECONDS = 1.0
STALE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Rate of a batch.

    Attributes:
        per_second: Jobs that end per second; None if unknown.
        per_job: Micro-dollars per job; None if unknown.
    """

    per_second: float | None = None
    per_job: float | None = None


class BatchPace:
    """Rates of running batches, from their newest events; looked up once per second."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Speed]] = {}

    def of(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> Speed:
        """Return the rate of a batch."""
        if batch.state != "running" or not batch.ended:
            return Speed()
        at, value = self._known.get(batch.id, (-RENEW_SECONDS, Speed()))
        if time.monotonic() - at >= RENEW_SECONDS:
            per_job = queries.usual_cost(connection, batch.id) if batch.cost else None
            value = Speed(measure(queries.newest_ends(connection, batch.id)), per_job)
            self._known[batch.id] = (time.monotonic(), value)
        return value


def projected(batch: lists.BatchLine, per_job: float | None) -> int:
    """Return the projected cost of a batch in micro-dollars; 0 if unknown."""
    if not per_job:
        return 0
    return round(batch.cost + per_job * (batch.queued + batch.running))


def measure(ends: list[str]) -> float | None:
    """Return jobs per second, from the end times of the newest ones, oldest first."""
    recent = [age for end in ends if (age := figures.age(end)) is not None and age < STALE_SECONDS]
    if len(recent) < 2 or recent[0] <= 0:
        return None
    return len(recent) / recent[0]


def time_left(batch: lists.BatchLine, per_second: float | None) -> float | None:
    """Return seconds until nothing of a batch is queued or running; None if unknown."""
    if not per_second:
        return None
    return (batch.queued + batch.running) / per_second
