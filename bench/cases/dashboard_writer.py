"""Writes steps as an engine does, for a dashboard that looks on; prints when each was committed.

Usage: python -m bench.cases.dashboard_writer WORKSPACE SECONDS EVENTS_A_SECOND
"""

import sqlite3
import sys
import time
from functools import partial
from pathlib import Path

from bench.machine import emit
from db.store import Store
from db.writes import steps
from db.writes.records import Intent, Outcome
from engine.config.paths import WorkspacePaths

TOGETHER = 4
"""Steps that one commit holds, as it is where an engine's calls end at about the same time."""


class EngineLike:
    """Finishes steps of the jobs that run, in turn."""

    def __init__(self, running: list[tuple[int, int]], made: int) -> None:
        self._running = running
        self._made = made

    def finish_some(self, connection: sqlite3.Connection, number: int) -> None:
        """Some steps begin and end; the message of each has the number of the commit."""
        for _ in range(TOGETHER):
            self._made += 1
            job, batch = self._running[self._made % len(self._running)]
            key = f"step-{self._made}"
            intent = Intent(batch, job, key, "", key, key, "generate", "toy", "toy-1", "{}")
            step = steps.begin_step(connection, intent)
            steps.show_stages(connection, {job: key})
            score = {"metric": "score", "value": self._made % 100, "raw": None, "scorer": "toy"}
            message = f"commit-{number:06d}"
            outcome = Outcome("{}", scores=[score], headline=self._made % 100, message=message)
            steps.finish_step(connection, step, intent, outcome)


def write(root: Path, seconds: float, rate: float) -> list[float]:
    """When each commit had returned, by the monotonic clock."""
    store, commits = Store(WorkspacePaths(root).store), list[float]()
    reader = store.reader()
    sql = "SELECT id, batch_id FROM jobs WHERE state = 'running'"
    running = [tuple(row) for row in reader.execute(sql)]
    made = reader.execute("SELECT coalesce(max(id), 0) FROM steps").fetchone()[0]
    reader.close()
    engine = EngineLike(running, made)
    with store.alone() as commit:
        began = time.monotonic()
        for number in range(round(seconds * rate / TOGETHER)):
            time.sleep(max(0.0, began + number * TOGETHER / rate - time.monotonic()))
            commit(partial(engine.finish_some, number=number))
            commits.append(time.monotonic())
    return commits


def main() -> None:
    root, seconds, rate = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    emit(commits=write(root, seconds, rate))


if __name__ == "__main__":
    main()
