"""History: one row per event, and the number of events that are kept."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from db.clock import now
from db.text import storable
from db.writes.webhooks import TYPES, NewEvent, add_deliveries

_INSERT = """
INSERT INTO events (at, batch_id, job_id, step_id, type, level, message, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""


def record_event(
    connection: sqlite3.Connection,
    type_: str,
    *,
    batch_id: int | None = None,
    job_id: int | None = None,
    step_id: int | None = None,
    level: str = "info",
    message: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add an event, with its deliveries to webhooks."""
    body = json.dumps(data) if data else "{}"
    at, text = now(), storable(message)
    row = (at, batch_id, job_id, step_id, type_, level, text, body)
    cursor = connection.execute(_INSERT, row)
    if type_ in TYPES:
        event = NewEvent(int(cursor.lastrowid or 0), at, type_, batch_id, job_id, text)
        add_deliveries(connection, event)


def record_warning(
    connection: sqlite3.Connection, *, batch_id: int, job_id: int | None, message: str
) -> None:
    """Add a recipe's warning about a job (`job.warning`), unless the same one exists already."""
    sql = """SELECT 1 FROM events WHERE batch_id = ? AND job_id IS ? AND type = 'job.warning'
             AND message = ?"""
    if connection.execute(sql, (batch_id, job_id, storable(message))).fetchone() is None:
        record_event(
            connection,
            "job.warning",
            batch_id=batch_id,
            job_id=job_id,
            level="warning",
            message=message,
        )


def prune_events(connection: sqlite3.Connection, keep: int, at_most: int = 10_000) -> int:
    """Remove the oldest events beyond the newest `keep`, a slice at a time.

    Returns:
        Number of removed events; fewer than `at_most` means that nothing is left to remove.
    """
    cursor = connection.execute(
        """DELETE FROM events WHERE id IN (
             SELECT id FROM events WHERE id <= (SELECT max(id) FROM events) - ?
             ORDER BY id LIMIT ?)""",
        (keep, at_most),
    )
    return cursor.rowcount
