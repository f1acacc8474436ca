"""State of the whole workspace that outlives an engine: everything is paused."""

import sqlite3

from db.clock import now
from db.queries.controls import PAUSED, is_paused
from db.writes.events import record_event


def set_control(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Set a value of the workspace."""
    connection.execute(
        "INSERT OR REPLACE INTO controls (name, value, set_at) VALUES (?, ?, ?)",
        (name, value, now()),
    )


def clear_control(connection: sqlite3.Connection, name: str) -> None:
    """Remove a value of the workspace."""
    connection.execute("DELETE FROM controls WHERE name = ?", (name,))


def pause_everything(connection: sqlite3.Connection, *, paused: bool) -> bool:
    """Have engines take no work of any batch, or take it again; return False if that is so."""
    if is_paused(connection) == paused:
        return False
    if paused:
        set_control(connection, PAUSED, "1")
    else:
        clear_control(connection, PAUSED)
    record_event(connection, "workspace.paused" if paused else "workspace.resumed")
    return True
