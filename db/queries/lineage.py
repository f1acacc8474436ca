"""Lineage across batches: the job that an input was sent from, and the jobs it was sent to."""

import sqlite3
from dataclasses import dataclass

from db.rows import Row


@dataclass(frozen=True, slots=True)
class Origin(Row):
    """The part of another job that is the input of a job.

    Attributes:
        job_id: The job.
        source_job_id: The job that it was sent from.
        source_step_id: The step whose file or result was sent; None if it was the job's.
        source: The same as entered, `b1/x:iteration-2`.
        hash: The file that was sent; None if it was text.
        step_key: Key of the step.
        branch: Scope that the job begins at as a branch; None if it was sent.
    """

    job_id: int
    source_job_id: int
    source_step_id: int | None
    source: str
    hash: str | None
    step_key: str | None
    branch: str | None


_ORIGINS = """SELECT l.*, s.key AS step_key FROM lineage l
              LEFT JOIN steps s ON s.id = l.source_step_id"""


def origin_of(connection: sqlite3.Connection, job_id: int) -> Origin | None:
    """Return the part of another job that a job's input is; None if it came from elsewhere."""
    row = connection.execute(f"{_ORIGINS} WHERE l.job_id = ?", (job_id,)).fetchone()
    return Origin.of(row) if row else None


def sent_from(connection: sqlite3.Connection, job_id: int, at_most: int = 1000) -> list[Origin]:
    """Return the jobs that parts of a job were sent to, oldest first."""
    sql = f"{_ORIGINS} WHERE l.source_job_id = ? ORDER BY l.job_id LIMIT ?"
    return [Origin.of(row) for row in connection.execute(sql, (job_id, at_most))]
