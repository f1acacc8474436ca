"""The limit of the disk: bare sqlite3, one writer thread, group commit, an intent before each step.

No engine, no events, no scores: two tables and prepared statements.
Usage: python -m bench.cases.raw_group_commit WORKFLOWS IN_FLIGHT
"""

import asyncio
import json
import queue
import secrets
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.machine import emit

STEPS = 3
SCHEMA = (
    """CREATE TABLE run (id TEXT PRIMARY KEY, name TEXT, status TEXT, created REAL, updated REAL,
       input TEXT, output TEXT)""",
    "CREATE INDEX run_status ON run(status, created)",
    """CREATE TABLE step (run_id TEXT, seq INT, key TEXT, status TEXT, started REAL, ended REAL,
       result TEXT, PRIMARY KEY (run_id, seq)) WITHOUT ROWID""",
)
NEW_RUN = "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)"
INTENT = "INSERT INTO step VALUES (?, ?, ?, 'started', ?, NULL, NULL)"
RESULT = "UPDATE step SET status = 'done', ended = ?, result = ? WHERE run_id = ? AND seq = ?"
END = "UPDATE run SET status = 'done', updated = ?, output = '{}' WHERE id = ?"


class GroupWriter(threading.Thread):
    """Takes everything that is queued into one transaction, then resolves all its futures."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(daemon=True)
        self._path, self._loop = path, loop
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, sql: str, *values: object) -> "asyncio.Future[None]":
        future = self._loop.create_future()
        self._queue.put((sql, values, future))
        return future

    def stop(self) -> None:
        self._queue.put(None)
        self.join()

    def run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=256)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        for statement in SCHEMA:
            connection.execute(statement)
        while (item := self._queue.get()) is not None:
            group = [item]
            while not self._queue.empty():
                group.append(self._queue.get())
            stop = None in group
            group = [item for item in group if item is not None]
            connection.execute("BEGIN IMMEDIATE")
            for sql, values, _ in group:
                connection.execute(sql, values)
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_resolve, group)
            if stop:
                return


def _resolve(group: list[Any]) -> None:
    for _, _, future in group:
        if not future.done():
            future.set_result(None)


async def measure(path: Path, workflows: int, in_flight: int) -> float:
    """Steps a second."""
    writer = GroupWriter(path, asyncio.get_running_loop())
    writer.start()
    slots = asyncio.Semaphore(in_flight)

    async def one(i: int) -> None:
        async with slots:
            run_id, now = secrets.token_hex(16), time.time()
            await writer.put(NEW_RUN, run_id, "bench", "running", now, now, f'{{"w":{i}}}', None)
            for k in range(STEPS):
                await writer.put(INTENT, run_id, k, f"step-{k}", time.time())
                result = json.dumps({"i": i, "k": k, "ok": True, "score": 0.5})
                await writer.put(RESULT, time.time(), result, run_id, k)
            await writer.put(END, time.time(), run_id)

    started = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(workflows)))
    rate = STEPS * workflows / (time.perf_counter() - started)
    writer.stop()
    return rate


def main() -> None:
    workflows, in_flight = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="raw-") as folder:
        emit(steps_s=asyncio.run(measure(Path(folder) / "raw.db", workflows, in_flight)))


if __name__ == "__main__":
    main()
