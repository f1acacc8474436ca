"""Results of steps that wait until their files are durable in an object store.

The result is written as soon as it is there, so that nothing is asked for twice; the rows that name
its files come with it once the object store has them.
"""

import json
import sqlite3
from dataclasses import asdict

from db.clock import now
from db.text import storable
from db.writes.records import Outcome


def hold_result(connection: sqlite3.Connection, step_id: int, outcome: Outcome) -> None:
    """Write a result that waits for its files."""
    text = storable(json.dumps(asdict(outcome)))
    connection.execute(
        "INSERT OR REPLACE INTO held_results (step_id, outcome, held_at) VALUES (?, ?, ?)",
        (step_id, text, now()),
    )


def held_result(connection: sqlite3.Connection, step_id: int) -> Outcome | None:
    """Return the result of a step that waits for its files; None if there is none."""
    sql = "SELECT outcome FROM held_results WHERE step_id = ?"
    row = connection.execute(sql, (step_id,)).fetchone()
    return None if row is None else Outcome(**json.loads(row[0]))


def forget_held(connection: sqlite3.Connection, step_id: int) -> None:
    """Remove a result that waited for its files."""
    connection.execute("DELETE FROM held_results WHERE step_id = ?", (step_id,))
