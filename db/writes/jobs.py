"""Jobs: claimed, ended, parked, and moved by operators' commands."""

import sqlite3
from collections.abc import Sequence

from db.clock import now
from db.queries.queue import NextJob, highest_of_others, next_jobs
from db.rows import JobRow
from db.text import storable
from db.writes.batch_steps import recover_batches, reopen_batch_steps
from db.writes.batches import reopen_batch, start_batch
from db.writes.events import record_event
from db.writes.reopening import reopen_steps

SLICE = 2000
"""Jobs moved per transaction, so that a huge batch does not hold up the others."""


def claim_jobs(connection: sqlite3.Connection, free: int) -> list[JobRow]:
    """Claim up to `free` jobs by priority, then age, and mark them as running.

    A job's priority is its own plus its batch's. A batch with a limit of jobs in flight yields no
    more than that.
    """
    chosen = next_jobs(connection, free)
    for batch_id in {job.batch_id for job in chosen}:
        start_batch(connection, batch_id)
    return [_start(connection, job) for job in chosen]


_START = f"""
UPDATE jobs SET state = 'running', starts = starts + 1, started_at = coalesce(started_at, ?)
WHERE id = ?
RETURNING {", ".join(JobRow.__match_args__)}
"""  # noqa: S608 - our own names


def _start(connection: sqlite3.Connection, job: NextJob) -> JobRow:
    """Mark a job as running; one that tests a blocked lane is reported once it gets through."""
    row = connection.execute(_START, (now(), job.job_id)).fetchone()
    if not job.probes:
        record_event(connection, "job.started", batch_id=job.batch_id, job_id=job.job_id)
    return JobRow(*row)


def end_job(
    connection: sqlite3.Connection,
    job: JobRow,
    state: str,
    *,
    result: str | None = None,
    score: float | None = None,
    error_id: int | None = None,
    message: str | None = None,
) -> None:
    """End a running job as `done`, `failed` or `cancelled`; an ended one is left alone."""
    text = None if message is None else storable(message)
    cursor = connection.execute(
        """UPDATE jobs SET state = ?, result = ?, score = coalesce(?, score), error_id = ?,
           message = ?, reason = NULL, lane = NULL, stage = NULL, indexed = 0,
           finished_at = max(?, coalesce(started_at, '')) WHERE id = ? AND state = 'running'""",
        (state, result, score, error_id, text, now(), job.id),
    )
    if not cursor.rowcount:
        return
    record_event(
        connection,
        f"job.{state}",
        batch_id=job.batch_id,
        job_id=job.id,
        level="error" if state == "failed" else "info",
        message=message or job.key,
    )


def park_job(
    connection: sqlite3.Connection, job: JobRow, reason: str, lane: str | None, message: str
) -> None:
    """Park a running job until something that it needs is available.

    A job that tested a blocked lane and was refused for the same reason is parked without an event.
    """
    before = connection.execute("SELECT reason, lane FROM jobs WHERE id = ?", (job.id,)).fetchone()
    cursor = connection.execute(
        """UPDATE jobs SET state = 'parked', reason = ?, lane = ?, message = ?
           WHERE id = ? AND state = 'running'""",
        (reason, lane, storable(message), job.id),
    )
    if not cursor.rowcount or (lane is not None and tuple(before) == (reason, lane)):
        return
    record_event(
        connection,
        "job.parked",
        batch_id=job.batch_id,
        job_id=job.id,
        level="warning",
        message=message,
        data={"reason": reason, "lane": lane},
    )
    if reason == "budget" and not _others_wait_for(connection, job, reason):
        record_event(
            connection, "budget.reached", batch_id=job.batch_id, level="warning", message=message
        )


def _others_wait_for(connection: sqlite3.Connection, job: JobRow, reason: str) -> bool:
    """Return True if another job of the same batch is parked for a reason."""
    sql = "SELECT 1 FROM jobs WHERE batch_id = ? AND state = 'parked' AND reason = ? AND id <> ?"
    return connection.execute(sql, (job.batch_id, reason, job.id)).fetchone() is not None


def put_back(connection: sqlite3.Connection, job: JobRow, state: str = "queued") -> None:
    """Return a running job to the queue, or pause it; its finished steps are kept."""
    cursor = connection.execute(
        """UPDATE jobs SET state = ?, reason = NULL, lane = NULL, message = NULL
           WHERE id = ? AND state = 'running'""",
        (state, job.id),
    )
    if cursor.rowcount:
        type_ = f"job.{state}"
        record_event(connection, type_, batch_id=job.batch_id, job_id=job.id, message=job.key)


def recover_jobs(connection: sqlite3.Connection) -> int:
    """Return jobs left running by a lost engine to the queue; return their number."""
    cursor = connection.execute(
        """UPDATE jobs SET state = 'queued', reason = NULL, lane = NULL, message = NULL
           WHERE state = 'running'"""
    )
    recover_batches(connection)
    connection.execute("DELETE FROM progress")
    return cursor.rowcount


def probe_lane(connection: sqlite3.Connection, lane: str) -> None:
    """Queue one of the jobs that wait for a lane, to test whether the lane works again.

    The job keeps its reason and its lane until the lane works: another refusal is not an event.
    """
    connection.execute(
        """UPDATE jobs SET state = 'queued'
           WHERE id = (SELECT id FROM jobs WHERE state = 'parked' AND lane = ? LIMIT 1)""",
        (lane,),
    )


def release_parked(connection: sqlite3.Connection, lane: str, at_most: int = SLICE) -> int:
    """Queue a slice of the jobs that wait for a lane; return their number."""
    _admit_probes(connection, lane)
    return connection.execute(
        """UPDATE jobs SET state = 'queued', reason = NULL, lane = NULL, message = NULL
           WHERE id IN (SELECT id FROM jobs WHERE state = 'parked' AND lane = ? LIMIT ?)""",
        (lane, at_most),
    ).rowcount


def _admit_probes(connection: sqlite3.Connection, lane: str) -> None:
    """Record that jobs which tested a lane have got through and are running."""
    admitted = connection.execute(
        """UPDATE jobs SET reason = NULL, lane = NULL, message = NULL
           WHERE state = 'running' AND lane = ? RETURNING batch_id, id""",
        (lane,),
    ).fetchall()
    for batch_id, job_id in admitted:
        record_event(connection, "job.started", batch_id=batch_id, job_id=job_id)


def jobs_to_move(
    connection: sqlite3.Connection,
    batch_id: int | None,
    job_id: int | None,
    states: Sequence[str],
    at_most: int = SLICE,
) -> list[JobRow]:
    """Return a slice of the jobs of one batch, or one job, that are in any of `states`."""
    where, value = ("batch_id = ?", batch_id) if job_id is None else ("id = ?", job_id)
    marks = ", ".join("?" * len(states))
    rows = connection.execute(
        f"SELECT * FROM jobs WHERE {where} AND state IN ({marks}) LIMIT ?",  # noqa: S608
        (value, *states, at_most),
    )
    return [JobRow.of(row) for row in rows]


def set_state(
    connection: sqlite3.Connection, jobs: Sequence[JobRow], state: str, type_: str
) -> None:
    """Move waiting jobs to a state with an event; a job that has moved since is left alone."""
    for job in jobs:
        ended = now() if state == "cancelled" else None
        cursor = connection.execute(
            """UPDATE jobs SET state = ?, reason = NULL, lane = NULL, message = NULL,
               indexed = 0, finished_at = ? WHERE id = ? AND state = ?""",
            (state, ended, job.id, job.state),
        )
        if cursor.rowcount:
            record_event(connection, type_, batch_id=job.batch_id, job_id=job.id, message=job.key)


def retry_jobs(connection: sqlite3.Connection, jobs: Sequence[JobRow]) -> None:
    """Queue ended or parked jobs again, from the step that failed.

    Failed steps of a finished job stay failed: its recipe continued without them, and another
    decision does not call that result into question.
    """
    for job in jobs:
        if job.state != "done":
            reopen_steps(connection, job.id)
        connection.execute(
            """UPDATE jobs SET state = 'queued', reason = NULL, lane = NULL, message = NULL,
               error_id = NULL, result = NULL, finished_at = NULL WHERE id = ?""",
            (job.id,),
        )
        record_event(
            connection, "job.retried", batch_id=job.batch_id, job_id=job.id, message=job.key
        )
    for batch_id in {job.batch_id for job in jobs}:
        reopen_batch(connection, batch_id)
        reopen_batch_steps(connection, batch_id)


def retry_left_out(connection: sqlite3.Connection, job: JobRow) -> bool:
    """Queue a finished job again to try the steps that its recipe continued without.

    Returns:
        False if it is not done, or no step of it failed or waits.
    """
    now = connection.execute("SELECT state FROM jobs WHERE id = ?", (job.id,)).fetchone()
    left = connection.execute(
        """SELECT 1 FROM steps WHERE job_id = ? AND superseded_at IS NULL
           AND state IN ('failed', 'unknown', 'open') LIMIT 1""",
        (job.id,),
    ).fetchone()
    if now is None or now[0] != "done" or left is None:
        return False
    reopen_steps(connection, job.id)
    retry_jobs(connection, [job])
    return True


def add_priority(
    connection: sqlite3.Connection, batch_id: int | None, job_id: int | None, change: int
) -> None:
    """Raise or lower the priority of a batch or of one job."""
    if job_id is not None:
        sql = "UPDATE jobs SET priority = priority + ? WHERE id = ?"
        connection.execute(sql, (change, job_id))
    else:
        sql = "UPDATE batches SET priority = priority + ? WHERE id = ?"
        connection.execute(sql, (change, batch_id))


def move_to_front(connection: sqlite3.Connection, batch_id: int, job_id: int | None) -> int:
    """Raise the priority of a queued job, or of a batch, above that of all others.

    Returns:
        The change; 0 if it was next already.
    """
    if job_id is None:
        change = _change_of_batch(connection, batch_id)
    else:
        change = _change_of_job(connection, job_id)
    if change:
        add_priority(connection, batch_id, job_id, change)
    return change


def _change_of_job(connection: sqlite3.Connection, job_id: int) -> int:
    order = next_jobs(connection, 1, limits=False)
    if not order or order[0].job_id == job_id:
        return 0
    total = connection.execute(
        """SELECT j.priority + b.priority FROM jobs j JOIN batches b ON b.id = j.batch_id
           WHERE j.id = ?""",
        (job_id,),
    ).fetchone()[0]
    return int(1 - order[0].rank - total)


def _change_of_batch(connection: sqlite3.Connection, batch_id: int) -> int:
    """Return the change after which the last of its queued jobs comes before other batches."""
    others = highest_of_others(connection, batch_id)
    least = connection.execute(
        """SELECT priority + (SELECT min(priority) FROM jobs
             WHERE batch_id = b.id AND state = 'queued') FROM batches b WHERE id = ?""",
        (batch_id,),
    ).fetchone()[0]
    return 0 if others is None or least is None else max(0, others + 1 - int(least))
