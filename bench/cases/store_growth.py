"""A store as it grows: bytes and seconds of a step, and the lists of the dashboard.

A thousand jobs of three steps are written by the product's own writes and then copied inside
SQLite, with files' hashes of their own, as in life: their index is the one that is written at
random places. At each size some thousand more steps are written as an engine writes them.

Usage: python -m bench.cases.store_growth STEPS... (ascending; 10^7 takes 13 GB and half an hour)
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.cases.rows import ARTIFACT, BARE, GROUP, SCORE
from bench.machine import emit
from db.connect import connect_writer
from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.queries import lists, parked, spending
from db.queries.anchors import page_of_ids
from db.store import Store
from db.writes import batches as batch_writes
from db.writes import steps as step_writes
from db.writes.jobs import claim_jobs, end_job
from db.writes.records import Intent, Outcome

JOBS, STEPS = 1000, 3
A_BATCH = 100
"""Copies of the jobs in one batch: 100 000 jobs."""
KEPT_EVENTS = 1_000_000
MEASURED = 6000
REPEATS = 15
REQUEST = '{"prompt":"' + "a lighthouse in the fog, oil on canvas, " * 5 + '","seed":1}'


def outcome() -> Outcome:
    """Return what a step that paints leaves behind: a file, a score and the job's headline."""
    file = {**ARTIFACT, "hash": os.urandom(32).hex()}
    return replace(BARE, artifacts=[file], scores=[SCORE], headline=50.0)


def add_jobs(connection: sqlite3.Connection, name: str) -> list[int]:
    """Queue a batch of jobs and claim them; return their ids."""
    new = batch_writes.NewBatch(name, "bench", "1", 1, "{}", "{}", "outputs", f"{name}.json")
    batch = batch_writes.create_batch(connection, new)
    jobs = [
        batch_writes.NewJob(f"{n:04d}", REQUEST, 1, f"outputs/{name}/{n}", f"{name}/{n}")
        for n in range(JOBS)
    ]
    batch_writes.add_jobs(connection, batch, jobs)
    batch_writes.seal_batch(connection, batch)
    return [job.id for job in claim_jobs(connection, JOBS)]


def write_steps(connection: sqlite3.Connection, jobs: list[int], batch: int) -> Iterator[None]:
    """Write the steps of jobs, one per turn, as an engine does: intent, then outcome."""
    for job in jobs:
        for number in range(STEPS):
            key = f"iteration-1/step-{number}"
            print_ = os.urandom(32).hex()
            intent = Intent(
                batch, job, key, "iteration-1", "paint", print_, "generate", "bench", "bench-1",
                REQUEST,
            )  # fmt: skip
            step = step_writes.begin_step(connection, intent)
            step_writes.finish_step(connection, step, intent, outcome())
            yield


def in_groups(connection: sqlite3.Connection, work: Iterator[None]) -> int:
    """Do work in transactions of `GROUP` turns; return the number of turns."""
    turns, more = 0, True
    while more:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(GROUP):
            if next(work, work) is work:
                more = False
                break
            turns += 1
        connection.execute("COMMIT")
    return turns


def template(connection: sqlite3.Connection) -> None:
    """Write the jobs that are copied."""
    jobs = add_jobs(connection, "batch-1")
    in_groups(connection, write_steps(connection, jobs, 1))
    connection.execute("BEGIN IMMEDIATE")
    rows = [row for id_ in jobs if (row := job_queries.job(connection, id_))]
    for row in rows:
        end_job(connection, row, "done", result='{"steps":3}', score=50.0)
    connection.execute("COMMIT")


_SHIFTS = {
    "jobs": {
        "id": "id + n * {jobs}",
        "batch_id": "1 + n / {a_batch}",
        "position": "position + n % {a_batch} * {jobs}",
        "key": "key || '-' || n",
        "output": "output || '-' || n",
        "place": "place || '-' || n",
        "score": "abs(random()) % 1000 / 10.0",
        "indexed": "1",
        "learned": "1",
    },
    "steps": {
        "id": "id + n * {steps}",
        "batch_id": "1 + n / {a_batch}",
        "job_id": "job_id + n * {jobs}",
        "fingerprint": "lower(hex(randomblob(32)))",
    },
    "artifacts": {
        "id": "id + n * {steps}",
        "batch_id": "1 + n / {a_batch}",
        "job_id": "job_id + n * {jobs}",
        "step_id": "step_id + n * {steps}",
        "hash": "lower(hex(randomblob(32)))",
    },
    "scores": {
        "id": "id + n * {steps}",
        "job_id": "job_id + n * {jobs}",
        "step_id": "step_id + n * {steps}",
    },
}
"""Columns of a copied row that differ from those of its template, by table."""


def grow(connection: sqlite3.Connection, first: int, last: int) -> None:
    """Copy the template so that there are copies up to `last`, without it."""
    values = {"jobs": JOBS, "steps": JOBS * STEPS, "a_batch": A_BATCH}
    for batch in range(2 + (first - 1) // A_BATCH, 2 + last // A_BATCH):
        new = batch_writes.NewBatch(
            f"batch-{batch}", "bench", "1", 1, "{}", "{}", "outputs", f"batch-{batch}.json"
        )
        with transaction(connection):
            new_id = batch_writes.create_batch(connection, new)
            connection.execute("UPDATE batches SET id = ? WHERE id = ?", (batch, new_id))
    for start in range(first, last + 1, 10):
        with transaction(connection):
            for table, shifts in _SHIFTS.items():
                _copy(connection, table, shifts, values, (start, min(start + 10, last + 1)))
    with transaction(connection):
        count = "(SELECT count(*) FROM jobs WHERE batch_id = batches.id)"
        connection.execute(f"UPDATE batches SET done = {count}, finish = 'done', preparing = 0")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _copy(
    connection: sqlite3.Connection,
    table: str,
    shifts: dict[str, str],
    values: dict[str, int],
    copies: tuple[int, int],
) -> None:
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    columns = [shifts.get(name, name).format(**values) for name in names]
    most = JOBS if table == "jobs" else JOBS * STEPS
    connection.execute(
        f"""WITH RECURSIVE c(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM c WHERE n < ? - 1)
            INSERT INTO {table} ({", ".join(names)}) SELECT {", ".join(columns)}
            FROM c CROSS JOIN (SELECT * FROM {table} WHERE id <= {most})""",
        copies,
    )


def add_events(connection: sqlite3.Connection, count: int) -> None:
    """Bring the events to the number of an engine that has run for long."""
    with transaction(connection):
        connection.execute(
            """WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
               INSERT INTO events (at, batch_id, job_id, step_id, type, message)
               SELECT '2026-11-30T12:00:00.000000Z', 1, 1 + n / 4, 1 + n / 2, 'step.done', 'bench'
               FROM c""",
            (count,),
        )


class transaction:  # noqa: N801 - used like a function
    """One transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("COMMIT")


def write_rate(connection: sqlite3.Connection, name: str) -> dict[str, float]:
    """Write steps of new jobs; return microseconds of processor and of time per step."""
    turns, cpu, wall = 0, 0.0, 0.0
    for part in range(MEASURED // (JOBS * STEPS)):
        with transaction(connection):
            jobs = add_jobs(connection, f"{name}-{part}")
            (batch,) = connection.execute("SELECT max(id) FROM batches").fetchone()
        cpu, wall = cpu - time.process_time(), wall - time.perf_counter()
        turns += in_groups(connection, write_steps(connection, jobs, batch))
        cpu, wall = cpu + time.process_time(), wall + time.perf_counter()
    return {"cpu_us": cpu / turns * 1e6, "wall_us": wall / turns * 1e6}


def queries(store: Store, big: int) -> dict[str, float]:
    """Milliseconds of the dashboard's queries, medians, by a reader with a warm cache."""
    reader = store.reader()
    middle = A_BATCH * JOBS // 2
    cases: dict[str, Callable[[], Any]] = {
        "batches": lambda: lists.batch_lines(reader),
        "jobs in the middle": lambda: lists.jobs_at(reader, big, middle, 60),
        "jobs by state": lambda: page_of_ids(
            reader, lists.rows_in_states(big, ["done"]), middle, 60, 2 * middle
        ),
        "jobs by score": lambda: job_queries.jobs_by_score(reader, big, limit=60),
        "scored jobs, counted": lambda: lists.count_scored(reader, big),
        "one job's steps": lambda: job_queries.steps(reader, middle),
        "newest events": lambda: lists.newest_events(reader, 50),
        "parked": lambda: parked.count_parked(reader),
        "work left": lambda: batch_queries.work_left(reader),
        "timeline of a batch": lambda: spending.timeline(reader, big, 40),
        "spending of a batch": lambda: spending.spending(reader, big),
        "spending of all": lambda: spending.spending(reader),
    }
    results = {name: _milliseconds(case) for name, case in cases.items()}
    reader.close()
    return results


def _milliseconds(case: Callable[[], Any]) -> float:
    times: list[float] = []
    while len(times) < REPEATS and sum(times) < 10:
        started = time.perf_counter()
        case()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1e3, 3)


def measure(store: Store, sizes: list[int]) -> Iterator[dict[str, Any]]:
    """Grow the store to each size, and measure it there."""
    connection = connect_writer(store.path)
    template(connection)
    copies, events = 0, JOBS * STEPS
    for size in sizes:
        last = size // (JOBS * STEPS) - 1
        started = time.perf_counter()
        grow(connection, copies + 1, last)
        wanted = min(KEPT_EVENTS, size * 2)
        add_events(connection, wanted - events)
        copies, events = last, wanted
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file = store.path.stat().st_size
        grown = time.perf_counter() - started
        yield {
            "steps": size,
            "bytes_a_step": file / size,
            "grow_seconds": grown,
            "queries_ms": queries(store, max(1, last // A_BATCH)),
            "write": write_rate(connection, f"more-{size}"),
            "load": os.getloadavg()[0],
        }
        with transaction(connection):
            connection.execute("DELETE FROM jobs WHERE key NOT LIKE '%-%' AND batch_id > 1")
            connection.execute("DELETE FROM batches WHERE name LIKE 'more-%'")
    connection.close()


def main() -> None:
    sizes = [int(float(word)) for word in sys.argv[1:]] or [100_000, 1_000_000]
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        store = Store.create(Path(folder) / "bench.db", created_by="bench")
        results = []
        for result in measure(store, sizes):
            print(result, file=sys.stderr, flush=True)
            results.append(result)
    emit(sizes=results)


if __name__ == "__main__":
    main()
