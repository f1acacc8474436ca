"""Engines and their lanes, as other processes see them."""

import sqlite3
from collections.abc import Iterable

from db.clock import now
from db.rows import LaneRow
from db.writes.events import record_event
from db.writes.hosts import clear_hosts

DRAINING = "draining"
"""State of an engine that takes nothing new and stops once its running jobs have ended."""


def start_engine(
    connection: sqlite3.Connection, pid: int, host: str, version: str, run_id: str
) -> int:
    """Add the engine that holds the lock; any other that seems to run is lost."""
    connection.execute(
        """UPDATE engines SET state = 'lost', stopped_at = seen_at
           WHERE state NOT IN ('stopped', 'lost')"""
    )
    connection.execute("DELETE FROM lanes")
    clear_hosts(connection)
    at = now()
    cursor = connection.execute(
        """INSERT INTO engines (pid, host, version, run_id, state, started_at, seen_at)
           VALUES (?, ?, ?, ?, 'running', ?, ?)""",
        (pid, host, version, run_id, at, at),
    )
    record_event(connection, "engine.started", message=f"pid {pid} on {host}")
    return int(cursor.lastrowid or 0)


def see_engine(connection: sqlite3.Connection, engine_id: int, state: str) -> None:
    """Store that an engine is alive, and its state: `running` or `draining`."""
    connection.execute(
        "UPDATE engines SET seen_at = ?, state = ? WHERE id = ?", (now(), state, engine_id)
    )


def stop_engine(connection: sqlite3.Connection, engine_id: int) -> None:
    """Store that an engine has stopped in good order."""
    at = now()
    connection.execute(
        "UPDATE engines SET state = 'stopped', seen_at = ?, stopped_at = ? WHERE id = ?",
        (at, at, engine_id),
    )
    connection.execute("UPDATE lanes SET in_flight = 0, waiting = 0")
    clear_hosts(connection)
    record_event(connection, "engine.stopped")


def report_lanes(connection: sqlite3.Connection, lanes: Iterable[LaneRow]) -> None:
    """Replace the reported state of lanes."""
    for lane in lanes:
        connection.execute(
            """INSERT OR REPLACE INTO lanes (name, state, reason, message, concurrency, width,
               requests_per_minute, in_flight, waiting, updated_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                lane.name,
                lane.state,
                lane.reason,
                lane.message,
                lane.concurrency,
                lane.width,
                lane.requests_per_minute,
                lane.in_flight,
                lane.waiting,
                now(),
            ),
        )
