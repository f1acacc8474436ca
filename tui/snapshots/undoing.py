"""The latest decision of a job, before it is taken back."""

import sqlite3
from typing import TYPE_CHECKING

from db.queries.jobs import job as read_job

if TYPE_CHECKING:
    from engine.client.undoing import Undoing


def newest_decision_of(connection: sqlite3.Connection, job_id: int) -> "Undoing | None":
    """Return the latest decision of a job that holds; None if there is none."""
    from engine.client.undoing import NothingToUndo, undoing_of  # not for the first paint

    job = read_job(connection, job_id)
    try:
        return undoing_of(connection, job) if job else None
    except NothingToUndo:
        return None
