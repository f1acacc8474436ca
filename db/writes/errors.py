"""Stored errors: message, place, and remedy."""

import sqlite3
from dataclasses import dataclass

from db.clock import now
from db.text import storable


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error to be stored.

    Attributes:
        kind: `retryable`, `permanent`, `blocked` or `bug`.
        type: The class of the error.
        message: One sentence that describes it.
        remedy: The remedy.
        traceback: Its traceback, for a bug.
    """

    kind: str
    type: str
    message: str
    remedy: str = ""
    traceback: str = ""


def record_error(
    connection: sqlite3.Connection,
    error: ErrorRecord,
    batch_id: int | None,
    job_id: int | None = None,
    step_id: int | None = None,
) -> int:
    """Add an error; return its id."""
    cursor = connection.execute(
        """INSERT INTO errors (batch_id, job_id, step_id, kind, type, message, remedy, traceback,
           created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            batch_id,
            job_id,
            step_id,
            error.kind,
            storable(error.type),
            storable(error.message),
            storable(error.remedy),
            storable(error.traceback),
            now(),
        ),
    )
    return int(cursor.lastrowid or 0)
