"""Processor time and size of a scrape of a store with many steps.

Usage: python -m bench.cases.telemetry_scrape STEPS
"""

import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.machine import emit
from db.connect import connect_writer
from db.store import Store
from db.writes import batches as batch_writes
from engine.telemetry.scrape import exposition, read_metrics

ROUNDS = 15
PER_JOB = 100
OPERATIONS, MODELS = 4, 12

_STEPS = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation, backend,
  model, request, started_at, finished_at)
SELECT 1, 1 + i / {PER_JOB}, 'k' || i, '', 'n', printf('%064d', i), 'running',
  'operation-' || (i % {OPERATIONS}), 'backend-' || (i % 3), 'model-' || (i % {MODELS}), '{{}}',
  '2026-01-01T00:00:00.000000Z', printf('2026-01-01T00:0%d:%02d.000000Z', i % 7, i % 53) FROM n
"""


def fill(store: Store, steps: int) -> None:
    """Add jobs and steps, which end as an engine ends them."""
    batch = batch_writes.NewBatch("b", "bench", "1", 1, "{}", "{}", "outputs", "summary.json")
    count = steps // PER_JOB + 1
    jobs = [batch_writes.NewJob(str(n), "{}", 1, f"outputs/{n}", f"{n}") for n in range(count)]
    with store.alone() as write:
        write(lambda c: batch_writes.create_batch(c, batch))
        write(lambda c: batch_writes.add_jobs(c, 1, jobs))
    with closing(connect_writer(store.path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_STEPS, (steps,))
        connection.execute("UPDATE steps SET state = 'done'")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="scrape-") as folder:
        store = Store.create(Path(folder) / "bench.db", created_by="bench")
        fill(store, int(sys.argv[1]))
        times, text = [], b""
        for _ in range(ROUNDS):
            before = time.process_time()
            with closing(store.reader()) as connection:
                text, _content_type = exposition(read_metrics(connection, engine=True))
            times.append(time.process_time() - before)
        series = sum(1 for line in text.splitlines() if not line.startswith(b"#"))
        emit(cpu_ms=statistics.median(times[1:]) * 1000, bytes=len(text), series=series,
             first_ms=times[0] * 1000)  # fmt: skip


if __name__ == "__main__":
    main()
