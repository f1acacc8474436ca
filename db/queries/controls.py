"""State of the whole workspace that outlives an engine."""

import sqlite3

PAUSED = "paused"
"""Name of the value that is there while everything is paused."""


def control(connection: sqlite3.Connection, name: str) -> str | None:
    """Return a value of the workspace; None if it is not set."""
    row = connection.execute("SELECT value FROM controls WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def is_paused(connection: sqlite3.Connection) -> bool:
    """Return True while everything is paused."""
    return control(connection, PAUSED) is not None
