"""Resuming: a job of many finished steps, a scan of a million steps, and a fresh process.

Usage: python -m bench.cases.resume job STEPS | scan STEPS | start SPAWNED_AT
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import emit
from bench.toys import BenchWorkspace
from db.connect import connect_writer
from db.writes import jobs as job_writes

UNFINISHED = 100
STEPS_A_JOB = 10


def replay(folder: Path, steps: int) -> float:
    """Seconds from a fresh engine to the first new step of a job with that many finished ones."""
    workspace = BenchWorkspace(folder)
    workspace.queue(1, steps=steps, together=True)
    asyncio.run(workspace.engine().run(lambda running: running.is_idle))
    workspace.refuse_unfinished()
    with workspace.store.alone() as write:
        more = f"""UPDATE batches SET finish = 'pending', settings = json_set(settings, '$.steps',
                   {steps + 1}, '$.together', json('false'))"""
        write(lambda c: c.execute(more))
        write(lambda c: c.execute("UPDATE jobs SET state = 'queued', result = NULL"))
    backend, before = workspace.backend, workspace.backend.calls
    backend.first_call = 0.0
    engine = workspace.engine()
    started = time.perf_counter()
    asyncio.run(engine.run(lambda running: running.is_idle))
    workspace.refuse_unfinished()
    if backend.calls != before + 1:
        raise RuntimeError(f"{backend.calls - before} calls instead of one")
    return backend.first_call - started


_JOBS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs)
INSERT INTO jobs (id, batch_id, position, key, state, seed, input, output, place, created_at)
SELECT i + 1, 1, i + 1, 'k' || i, 'queued', 1, '{"prompt":"p"}', 'o' || i, 'p' || i, '' FROM n
"""
_STEPS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :steps - 1)
INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation, backend,
                   model, request, result, started_at, finished_at)
SELECT 1, 2 + i / :each, 'step-' || (i % :each), '', 'step', printf('%064d', i), 'done', 'answer',
       'bench', 'bench-1', '{}', '{"i":"","k":0}', '', '' FROM n
"""


def scan(folder: Path, steps: int) -> dict[str, Any]:
    """Milliseconds that a fresh engine takes to find what is unfinished among that many steps,
    committed, and to claim those jobs."""
    workspace = BenchWorkspace(folder)
    workspace.queue(1)
    connection = connect_writer(workspace.store.path)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_JOBS, {"jobs": steps // STEPS_A_JOB})
    connection.execute(_STEPS, {"steps": steps, "each": STEPS_A_JOB})
    connection.execute("UPDATE jobs SET state = 'done'")
    connection.execute(f"UPDATE jobs SET state = 'running' WHERE id % {steps // 1000} = 2")
    counts = "(SELECT count(*) FROM jobs WHERE state = '{0}')"
    sets = ", ".join(f"{s} = {counts.format(s)}" for s in ("queued", "running", "done"))
    connection.execute(f"UPDATE batches SET {sets}")
    connection.execute("COMMIT")
    connection.close()
    with workspace.store.alone() as write:
        started = time.perf_counter()
        found = write(job_writes.recover_jobs)
        scanned = time.perf_counter()
        claimed = write(lambda c: job_writes.claim_jobs(c, UNFINISHED))
        ended = time.perf_counter()
    if not found == len(claimed) == UNFINISHED:
        raise RuntimeError(f"{found} jobs found, {len(claimed)} claimed")
    return {"scan_ms": (scanned - started) * 1e3, "claim_ms": (ended - scanned) * 1e3}


def start(folder: Path, spawned_at: float) -> float:
    """Seconds from the start of the process to its engine's first call."""
    workspace = BenchWorkspace(folder)
    workspace.queue(1)
    asyncio.run(workspace.engine().run(lambda running: running.is_idle))
    called = time.time() - (time.perf_counter() - workspace.backend.first_call)
    return called - spawned_at


def main() -> None:
    what, number = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory(prefix="resume-") as name:
        folder = Path(name)
        if what == "job":
            emit(seconds=replay(folder, int(number)))
        elif what == "scan":
            emit(**scan(folder, int(number)))
        else:
            emit(seconds=start(folder, float(number)))


if __name__ == "__main__":
    main()
