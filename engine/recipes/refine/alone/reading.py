"""Rows of a job of one of these recipes."""

import sqlite3

from db.queries import jobs as queries
from db.rows import JobRow, StepRow


def done_steps(connection: sqlite3.Connection, job_id: int) -> list[StepRow]:
    """Return the steps of a job that are done, in the order of their scopes and names."""
    steps = queries.current_steps(connection, job_id).values()
    done = [step for step in steps if step.state == "done" and step.result]
    return sorted(done, key=lambda step: (len(step.key), step.key))


def job_error(connection: sqlite3.Connection, job: JobRow) -> str | None:
    """Return why a job failed or waits; None if it does neither."""
    error = queries.error(connection, job.error_id) if job.error_id else None
    return error.message if error else job.message
