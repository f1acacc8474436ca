"""Queries for batches, engines, lanes and model hosts."""

import sqlite3
from dataclasses import replace

from db import rows
from db.queries.controls import is_paused


def batch(connection: sqlite3.Connection, batch_id: int) -> "rows.BatchRow | None":
    """Return one batch."""
    row = connection.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
    return rows.BatchRow.of(row) if row else None


def ever_queued(connection: sqlite3.Connection) -> bool:
    """Return True if the store has or had a batch, even a deleted one."""
    sql = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'batches')"
    return bool(connection.execute(sql).fetchone()[0])


def batch_of(
    connection: sqlite3.Connection, batch: "rows.BatchRow", variant: int | None
) -> "rows.BatchRow":
    """Return a batch with the settings and the snapshot of a variant in place of its own.

    Args:
        connection: A reader.
        batch: The batch.
        variant: `JobRow.variant`; None leaves the batch as it is.
    """
    if variant is None:
        return batch
    sql = "SELECT settings, snapshot FROM variants WHERE id = ?"
    row = connection.execute(sql, (variant,)).fetchone()
    return batch if row is None else replace(batch, settings=row[0], snapshot=row[1])


def own_steps(connection: sqlite3.Connection, batch_id: int) -> "list[rows.StepRow]":
    """Return the steps of a batch that belong to no job, superseded ones too, oldest first."""
    sql = "SELECT * FROM steps WHERE batch_id = ? AND job_id IS NULL ORDER BY id"
    return [rows.StepRow.of(row) for row in connection.execute(sql, (batch_id,))]


def batches(
    connection: sqlite3.Connection,
    limit: int = 1000,
    *,
    archived: bool = True,
    before: int | None = None,
) -> "list[rows.BatchRow]":
    """Return the newest batches, newest first; without those that are being deleted.

    Args:
        connection: A reader.
        limit: Maximum number, -1 for all.
        archived: Archived ones too.
        before: Only batches with a smaller number.
    """
    hidden = "" if archived else " AND archived_at IS NULL"
    older = "" if before is None else " AND id < :before"
    sql = f"""SELECT * FROM batches WHERE NOT deleting{hidden}{older}
              ORDER BY id DESC LIMIT :limit"""  # noqa: S608 - fixed conditions
    values = {"before": before, "limit": limit}
    return [rows.BatchRow.of(row) for row in connection.execute(sql, values)]


def count_archived(connection: sqlite3.Connection) -> int:
    """Return the number of archived batches."""
    sql = "SELECT count(*) FROM batches WHERE archived_at IS NOT NULL AND NOT deleting"
    return int(connection.execute(sql).fetchone()[0])


def batches_named(connection: sqlite3.Connection, name: str) -> "list[rows.BatchRow]":
    """Return the batches with a name, newest first."""
    sql = "SELECT * FROM batches WHERE name = ? ORDER BY id DESC"
    return [rows.BatchRow.of(row) for row in connection.execute(sql, (name,))]


def newest_numbered(connection: sqlite3.Connection, name: str) -> "rows.BatchRow | None":
    """Return the newest batch named `NAME-N`, with any number N."""
    sql = """SELECT * FROM batches WHERE substr(name, 1, length(?1) + 1) = ?1 || '-'
             AND length(name) > length(?1) + 1 AND substr(name, length(?1) + 2) NOT GLOB '*[^0-9]*'
             ORDER BY id DESC LIMIT 1"""
    row = connection.execute(sql, (name,)).fetchone()
    return rows.BatchRow.of(row) if row else None


def batches_to_finish(connection: sqlite3.Connection) -> list[int]:
    """Return batches whose jobs have all ended and whose finish has not run."""
    sql = """SELECT id FROM batches WHERE finish IN ('pending', 'running')
             AND finish = 'pending' AND NOT preparing AND NOT deleting
             AND queued + running + paused + parked = 0 ORDER BY id"""
    return [row[0] for row in connection.execute(sql)]


def batches_to_start(connection: sqlite3.Connection) -> list[int]:
    """Return batches whose jobs wait for the batch's first steps, the most urgent first."""
    sql = """SELECT id FROM batches WHERE start = 'pending' AND queued > 0
             AND NOT preparing AND NOT held ORDER BY priority DESC, id"""
    return [row[0] for row in connection.execute(sql)]


def has_started(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Return whether a batch's own first steps are done, or it has none."""
    sql = "SELECT start = 'done' FROM batches WHERE id = ?"
    row = connection.execute(sql, (batch_id,)).fetchone()
    return row is not None and bool(row[0])


def work_left(connection: sqlite3.Connection) -> bool:
    """Return True if any batch has jobs or a finish to run; held and parked ones do not count.

    While everything is paused, only running jobs do.
    """
    if is_paused(connection):
        sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'running')"
        return bool(connection.execute(sql).fetchone()[0])
    sql = """SELECT EXISTS (SELECT 1 FROM batches WHERE finish IN ('pending', 'running')
             AND NOT preparing AND NOT deleting
             AND CASE WHEN queued + running > 0 THEN NOT held ELSE paused + parked = 0 END)"""
    return bool(connection.execute(sql).fetchone()[0])


def count_queued(connection: sqlite3.Connection) -> int:
    """Return the number of jobs that are queued and not held, from the batches' counters."""
    sql = "SELECT total(queued) FROM batches WHERE queued > 0 AND NOT held AND NOT preparing"
    return int(connection.execute(sql).fetchone()[0])


def unfinished(connection: sqlite3.Connection) -> bool:
    """Return True if some batch has not ended."""
    sql = """SELECT EXISTS (SELECT 1 FROM batches
             WHERE finish IN ('pending', 'running') AND NOT preparing)"""
    return bool(connection.execute(sql).fetchone()[0])


def best_score(
    connection: sqlite3.Connection, batch_id: int, *, higher_is_better: bool = True
) -> float | None:
    """Return the best headline score of a batch's jobs."""
    best = max if higher_is_better else min
    sql = f"""SELECT {best.__name__}(score) FROM jobs
              WHERE batch_id = ? AND (state = 'failed') = ? AND score IS NOT NULL"""  # noqa: S608
    scores = [connection.execute(sql, (batch_id, failed)).fetchone()[0] for failed in (0, 1)]
    return best((float(score) for score in scores if score is not None), default=None)


def running_engine(connection: sqlite3.Connection) -> "rows.EngineRow | None":
    """Return the engine that last reported itself running; its lock tells if it really is."""
    sql = """SELECT * FROM engines WHERE state IN ('running', 'draining', 'stopping')
             ORDER BY id DESC LIMIT 1"""
    row = connection.execute(sql).fetchone()
    return rows.EngineRow.of(row) if row else None


def lanes(connection: sqlite3.Connection) -> "list[rows.LaneRow]":
    """Return every lane as last reported."""
    sql = "SELECT * FROM lanes ORDER BY name"
    return [rows.LaneRow.of(row) for row in connection.execute(sql)]


def hosts(connection: sqlite3.Connection) -> "list[rows.HostRow]":
    """Return every model host as last reported; empty if no engine runs."""
    sql = "SELECT * FROM hosts ORDER BY device"
    return [rows.HostRow.of(row) for row in connection.execute(sql)]


def parked_lanes(connection: sqlite3.Connection) -> list[str]:
    """Return the lanes that parked jobs wait for."""
    sql = "SELECT DISTINCT lane FROM jobs WHERE state = 'parked' AND lane IS NOT NULL ORDER BY lane"
    return [row[0] for row in connection.execute(sql)]


def pending_commands(connection: sqlite3.Connection) -> "list[rows.CommandRow]":
    """Return the unanswered commands, oldest first."""
    sql = "SELECT * FROM commands WHERE state = 'pending' ORDER BY id"
    return [rows.CommandRow.of(row) for row in connection.execute(sql)]


def command(connection: sqlite3.Connection, command_id: int) -> "rows.CommandRow | None":
    """Return one command."""
    row = connection.execute("SELECT * FROM commands WHERE id = ?", (command_id,)).fetchone()
    return rows.CommandRow.of(row) if row else None


def preparers(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Return the batches in preparation, with their preparers (`pid@host`)."""
    sql = "SELECT id, coalesce(preparer, '') FROM batches WHERE preparing"
    return [(row[0], row[1]) for row in connection.execute(sql)]


def can_claim(connection: sqlite3.Connection) -> bool:
    """Return True if some batch has a job that may be started."""
    sql = """SELECT EXISTS (SELECT 1 FROM batches WHERE queued > 0 AND NOT preparing AND NOT held
             AND start = 'done' AND (in_flight IS NULL OR running < in_flight))"""
    return bool(connection.execute(sql).fetchone()[0])


def summary_taken(connection: sqlite3.Connection, path: str) -> bool:
    """Return True if some batch writes its summary to a path."""
    sql = "SELECT 1 FROM batches WHERE summary = ?"
    return connection.execute(sql, (path,)).fetchone() is not None


def count_unfinished_jobs(connection: sqlite3.Connection) -> int:
    """Return the number of jobs that have not ended, of all batches."""
    sql = """SELECT coalesce(sum(queued + running + paused + parked), 0) FROM batches
             WHERE finish IN ('pending', 'running')"""
    return int(connection.execute(sql).fetchone()[0])


def progress_of_all(connection: sqlite3.Connection) -> "list[rows.ProgressRow]":
    """Return the progress of all running steps."""
    return [rows.ProgressRow.of(row) for row in connection.execute("SELECT * FROM progress")]
