"""Calls of each lane over the last five minutes, from the steps that were started."""

import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from db.queries import queue

BUCKETS = 30
BUCKET_SECONDS = 10
MAX_AT_ONCE = 20_000
"""Maximum steps that are looked at per read; older ones are left out."""

Key = tuple[str, str]
"""A backend and a model."""


@dataclass(slots=True)
class LaneHistory:
    """Counts of calls by lane, in buckets of ten seconds.

    The first read looks at the newest steps, later ones only at those that were added since.
    """

    _after: int = 0
    _counts: dict[int, Counter[Key]] = field(default_factory=dict)

    def read(self, connection: sqlite3.Connection) -> None:
        """Add the calls that were started since the last read, and forget the oldest."""
        newest = queue.newest_step(connection)
        if newest < self._after:  # another store
            self._after, self._counts = 0, {}
        oldest = _bucket_now() - BUCKETS
        if newest > self._after:
            for call in queue.calls_since(connection, self._after, MAX_AT_ONCE):
                bucket = _bucket_of(call.started_at)
                if bucket is not None and bucket > oldest:
                    counts = self._counts.setdefault(bucket, Counter())
                    counts[call.backend, call.model] += 1
            self._after = newest
        for bucket in [bucket for bucket in self._counts if bucket <= oldest]:
            del self._counts[bucket]

    def of(self, lane: str) -> tuple[int, ...]:
        """Return the calls of a lane in each bucket, oldest first; the last one is incomplete."""
        now = _bucket_now()
        return tuple(
            sum(n for key, n in self._counts.get(bucket, {}).items() if _uses(lane, *key))
            for bucket in range(now - BUCKETS + 1, now + 1)
        )


def per_minute(history: tuple[int, ...]) -> int:
    """Return the calls of the last complete minute."""
    return sum(history[-1 - 60 // BUCKET_SECONDS : -1])


def _uses(lane: str, backend: str, model: str) -> bool:
    """Return True if calls of a backend's model go through a lane: NAME, NAME@HOST, NAME:MODEL."""
    name, separator, rest = lane.partition(":")
    if name.partition("@")[0] != backend:
        return lane == backend
    return not separator or not rest or rest == model or not _names_a_model(rest, model)


def _names_a_model(rest: str, model: str) -> bool:
    """Return True if the part of a lane's name after the backend can only be another model."""
    return "/" in rest and "/" in model


def _bucket_now() -> int:
    return int(time.time()) // BUCKET_SECONDS


def _bucket_of(at: str) -> int | None:
    try:
        return int(datetime.fromisoformat(at).timestamp()) // BUCKET_SECONDS
    except (ValueError, OverflowError):
        return None
