"""A batch's own steps: before its first job, after its last, and checkpoints between."""

import sqlite3

from db.clock import now
from db.text import storable
from db.writes.events import record_event

SLICE = 2000
"""Jobs moved per transaction, so that a huge batch does not hold up the others."""


def begin_start(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Mark a batch's first steps as running; return False if they are not due."""
    cursor = connection.execute(
        """UPDATE batches SET start = 'running', started_at = coalesce(started_at, ?)
           WHERE id = ? AND start = 'pending' AND queued > 0""",
        (now(), batch_id),
    )
    return cursor.rowcount > 0


def end_start(connection: sqlite3.Connection, batch_id: int, result: str) -> None:
    """Store the result of a batch's first steps; its jobs may run from now on."""
    connection.execute(
        "UPDATE batches SET start = 'done', before_result = ? WHERE id = ?", (result, batch_id)
    )
    record_event(connection, "batch.started", batch_id=batch_id)


def put_back_start(connection: sqlite3.Connection, batch_id: int) -> None:
    """Have a batch's first steps run again; those that are done are kept."""
    connection.execute(
        "UPDATE batches SET start = 'pending' WHERE id = ? AND start = 'running'", (batch_id,)
    )


def recover_batches(connection: sqlite3.Connection) -> None:
    """Rerun the first steps of batches that a lost engine was running, or that wait for something.

    Batches that wait for an operator's answer, about an unknown outcome or at a gate, are left
    alone. Jobs that still wait for a gate that is answered are queued.
    """
    connection.execute("UPDATE batches SET start = 'pending' WHERE start = 'running'")
    connection.execute(
        """UPDATE jobs SET state = 'queued', reason = NULL, lane = NULL, message = NULL
           WHERE state = 'parked' AND reason = 'approval' AND batch_id IN
             (SELECT id FROM batches b WHERE start = 'pending' AND NOT EXISTS
               (SELECT 1 FROM steps s WHERE s.batch_id = b.id AND s.job_id IS NULL
                AND s.state = 'waiting' AND s.superseded_at IS NULL))"""
    )
    connection.execute(
        """UPDATE batches SET finish = 'pending'
           WHERE finish = 'running' OR (finish = 'parked' AND NOT EXISTS
             (SELECT 1 FROM steps s WHERE s.batch_id = batches.id AND s.job_id IS NULL
              AND s.state IN ('unknown', 'waiting') AND s.superseded_at IS NULL))"""
    )


def park_queued(
    connection: sqlite3.Connection, batch_id: int, reason: str, lane: str | None, message: str
) -> int:
    """Park a slice of the jobs of a batch whose first steps are blocked; return their number.

    A job that only tested a blocked lane, and was parked for the same reason, is not an event.
    """
    news = connection.execute(
        """SELECT EXISTS (SELECT 1 FROM jobs WHERE batch_id = ? AND state = 'queued'
           AND (lane IS NOT ? OR lane IS NULL))""",
        (batch_id, lane),
    ).fetchone()[0]
    moved = connection.execute(
        """UPDATE jobs SET state = 'parked', reason = ?, lane = ?, message = ?
           WHERE id IN (SELECT id FROM jobs WHERE batch_id = ? AND state = 'queued' LIMIT ?)""",
        (reason, lane, storable(message), batch_id, SLICE),
    ).rowcount
    if moved and news:
        _warn(connection, batch_id, "batch.parked", message)
    return moved


def fail_queued(connection: sqlite3.Connection, batch_id: int, error_id: int) -> int:
    """End a slice of the jobs of a batch whose first steps failed; return their number."""
    return connection.execute(
        """UPDATE jobs SET state = 'failed', error_id = ?, finished_at = ?
           WHERE id IN (SELECT id FROM jobs WHERE batch_id = ? AND state = 'queued' LIMIT ?)""",
        (error_id, now(), batch_id, SLICE),
    ).rowcount


def reopen_batch_steps(connection: sqlite3.Connection, batch_id: int) -> None:
    """Open a batch's own failed and unknown steps for another attempt."""
    connection.execute(
        """UPDATE steps SET state = 'open' WHERE batch_id = ? AND job_id IS NULL
           AND superseded_at IS NULL AND state IN ('failed', 'unknown')""",
        (batch_id,),
    )


def set_after_result(connection: sqlite3.Connection, batch_id: int, result: str) -> None:
    """Store the result of a batch's last steps."""
    connection.execute("UPDATE batches SET after_result = ? WHERE id = ?", (result, batch_id))


def park_finish(connection: sqlite3.Connection, batch_id: int, message: str) -> None:
    """Set a batch's last steps aside until an operator resumes it, or an engine starts."""
    cursor = connection.execute(
        """UPDATE batches SET finish = 'parked', finish_error = ?
           WHERE id = ? AND finish = 'running'""",
        (storable(message), batch_id),
    )
    if cursor.rowcount:
        _warn(connection, batch_id, "batch.parked", message)


def resume_finish(connection: sqlite3.Connection, batch_id: int) -> int:
    """Run the suspended last steps of a batch; return 1 if there are some."""
    return connection.execute(
        """UPDATE batches SET finish = 'pending', finish_error = NULL
           WHERE id = ? AND finish = 'parked'""",
        (batch_id,),
    ).rowcount


def give_up_finish(connection: sqlite3.Connection, batch_id: int) -> int:
    """End a batch without its suspended last steps; return 1 if there are some."""
    return connection.execute(
        "UPDATE batches SET finish = 'failed', finished_at = ? WHERE id = ? AND finish = 'parked'",
        (now(), batch_id),
    ).rowcount


def set_checkpoints(connection: sqlite3.Connection, batch_id: int, ended: int) -> None:
    """Store up to how many ended jobs the progress outputs of a batch are written."""
    connection.execute("UPDATE batches SET checkpoints = ? WHERE id = ?", (ended, batch_id))


def _warn(connection: sqlite3.Connection, batch_id: int, type_: str, message: str) -> None:
    record_event(connection, type_, batch_id=batch_id, level="warning", message=message)
