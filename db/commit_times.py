"""Durations of commits, counted by the writer's thread and stored now and then."""

import sqlite3
from bisect import bisect_left

from db.migrations.m0016_totals import COMMITS


class CommitTimes:
    """Number and seconds of commits, by bucket of `COMMITS`; used by one thread."""

    def __init__(self) -> None:
        self._counts: dict[int, list[float]] = {}

    def add(self, seconds: float) -> None:
        """Add a commit."""
        entry = self._counts.setdefault(bisect_left(COMMITS, seconds), [0, 0.0])
        entry[0] += 1
        entry[1] += seconds

    def store(self, connection: sqlite3.Connection) -> None:
        """Add everything to the totals in the store, and begin with nothing."""
        counts, self._counts = self._counts, {}
        connection.executemany(
            """INSERT INTO commit_totals (bucket, count, seconds) VALUES (?, ?, ?)
               ON CONFLICT DO UPDATE SET count = count + excluded.count,
               seconds = seconds + excluded.seconds""",
            [(bucket, int(count), seconds) for bucket, (count, seconds) in counts.items()],
        )
