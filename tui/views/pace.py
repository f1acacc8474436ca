"""How fast batches go and how long they take."""

import sqlite3
import time

from db.queries import lists
from tui import figures

RENEW_SECONDS = 1.0
STALE_SECONDS = 900.0


class Pace:
    """Jobs a second of running batches, from their newest events; looked up once a second."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float | None]] = {}

    def of(self, connection: sqlite3.Connection, batch: lists.BatchLine) -> float | None:
        """Jobs that end in a second; None where that cannot be said."""
        if batch.state != "running" or not batch.ended:
            return None
        at, value = self._known.get(batch.id, (-RENEW_SECONDS, None))
        if time.monotonic() - at >= RENEW_SECONDS:
            value = measure(lists.newest_ends(connection, batch.id))
            self._known[batch.id] = (time.monotonic(), value)
        return value


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
