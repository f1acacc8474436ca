"""Ratings of jobs and of their parts: one present value each, with its history."""

import sqlite3

from db.clock import now
from db.text import storable
from db.writes.events import record_event


def rate(
    connection: sqlite3.Connection,
    job_id: int,
    part: str,
    value: int | None,
    note: str,
    author: str,
) -> None:
    """Rate a job or a part of it; earlier ratings stay as history.

    Args:
        connection: An open transaction's connection.
        job_id: The job; nothing is written if it is gone.
        part: A part, as `iteration-2`; empty for the job's result.
        value: A rank of `db.rating`; None to take the rating away.
        note: The note from now on.
        author: Who rated.
    """
    job = connection.execute("SELECT batch_id, key FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if job is None:
        return
    connection.execute(
        """INSERT INTO ratings (job_id, part, value, note, author, created_at)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (job_id, part, value, storable(note), author, now()),
    )
    connection.execute(
        "UPDATE jobs SET rating = ?, indexed = 0 WHERE id = ?",
        (_rating_of_job(connection, job_id), job_id),
    )
    record_event(
        connection,
        "job.rated",
        batch_id=job[0],
        job_id=job_id,
        message=job[1],
        data={"part": part, "value": value},
    )


def _rating_of_job(connection: sqlite3.Connection, job_id: int) -> int | None:
    """Return the rating of a job's result; the best of its parts if it has none itself."""
    sql = """SELECT part, value FROM ratings WHERE id IN
             (SELECT max(id) FROM ratings WHERE job_id = ? GROUP BY part)"""
    values = {row[0]: row[1] for row in connection.execute(sql, (job_id,)) if row[1] is not None}
    rated: int | None = values.get("")
    return rated if rated is not None else max(values.values(), default=None)
