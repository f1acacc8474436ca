"""The workspace that the dashboard is measured with: a small batch, a huge one, and one at work."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.connect import connect_writer
from db.store import Store
from db.writes import batches, jobs
from db.writes.batches import NewBatch
from engine.config.paths import WorkspacePaths

SMALL = 1000
RUNNING = 50
"""Jobs of the batch at work that run: some in sight, below where the cursor goes, most are not."""

# The states go with the row's number, so that they are alike in a small and in a huge batch.
_JOBS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :jobs)
INSERT INTO jobs (batch_id, position, key, state, seed, input, output, place, iterations, score,
                  created_at, started_at, finished_at)
SELECT :batch, i, printf('%s-%07d', :name, i),
       CASE WHEN :open THEN 'queued' WHEN i % 100 = 99 THEN 'failed' ELSE 'done' END, 1,
       '{"prompt":"p"}', :name || i, :name || i, 1 + i % 5,
       CASE WHEN :open THEN NULL ELSE i * 7919 % 1000 / 10.0 END, '2026-11-01T12:00:00.000000Z',
       CASE WHEN NOT :open THEN '2026-11-01T12:00:00.000000Z' END,
       CASE WHEN NOT :open THEN printf('2026-11-01T12:%02d:%02d.000000Z', i % 50, i % 59) END
FROM n
"""
_COUNTS = """
UPDATE batches SET queued = (SELECT count(*) FROM jobs WHERE batch_id = :batch AND state='queued'),
                   failed = (SELECT count(*) FROM jobs WHERE batch_id = :batch AND state='failed'),
                   done = (SELECT count(*) FROM jobs WHERE batch_id = :batch AND state = 'done')
WHERE id = :batch
"""
_FIRST_TO_RUN = """
UPDATE jobs SET priority = 1
WHERE state = 'queued' AND (position BETWEEN 14 AND 18 OR position > 500)
"""


def add_batch(connection: sqlite3.Connection, name: str, count: int, *, open_: bool) -> None:
    """Adds a batch of jobs that are done or have failed, or, if it is open, are queued."""
    new = NewBatch(name, "refine", "1", 1, "{}", "{}", "outputs", f"summary-{name}")
    batch = batches.create_batch(connection, new)
    values = {"batch": batch, "name": name, "jobs": count, "open": open_}
    connection.execute(_JOBS, values)
    connection.execute(_COUNTS, values)
    batches.seal_batch(connection, batch)


@contextmanager
def workspace(huge: int) -> Iterator[Path]:
    """A workspace with batches called small, huge and live, of which live is the newest.

    Args:
        huge: How many jobs the huge one has.
    """
    with tempfile.TemporaryDirectory(prefix="bench-dashboard-") as folder:
        paths = WorkspacePaths(Path(folder))
        Store.create(paths.store, created_by="bench")
        connection = connect_writer(paths.store)
        connection.execute("BEGIN IMMEDIATE")
        add_batch(connection, "small", SMALL, open_=False)
        add_batch(connection, "huge", huge, open_=False)
        add_batch(connection, "live", SMALL, open_=True)
        connection.execute(_FIRST_TO_RUN)
        jobs.claim_jobs(connection, RUNNING)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        yield Path(folder)
