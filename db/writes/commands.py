"""What operators ask for, and what became of it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from db.clock import now
from db.writes.events import record_event


def add_command(
    connection: sqlite3.Connection,
    verb: str,
    targets: Sequence[Mapping[str, int]],
    arguments: Mapping[str, Any],
    source: str,
) -> int:
    """Adds a command for the engine; returns its id.

    Args:
        connection: An open transaction's connection.
        verb: What to do, for example `pause`.
        targets: What to do it to: mappings with one key, `batch` or `job`, and its number.
        arguments: What else the verb needs.
        source: Who asks: `cli`, `tui`, `python`.
    """
    cursor = connection.execute(
        """INSERT INTO commands (verb, targets, arguments, source, created_at)
           VALUES (?, ?, ?, ?, ?)""",
        (verb, json.dumps(list(targets)), json.dumps(dict(arguments)), source, now()),
    )
    return int(cursor.lastrowid or 0)


def answer_command(
    connection: sqlite3.Connection, command_id: int, answer: str, *, refused: bool = False
) -> None:
    """Keeps what a command did, or why it was refused."""
    state = "refused" if refused else "done"
    connection.execute(
        "UPDATE commands SET state = ?, answer = ?, answered_at = ? WHERE id = ?",
        (state, answer, now(), command_id),
    )
    record_event(
        connection,
        f"command.{state}",
        level="warning" if refused else "info",
        message=answer,
        data={"command": command_id},
    )


def add_decision(
    connection: sqlite3.Connection, job_id: int, key: str, value: Any, author: str
) -> None:
    """Keeps what an operator decided; an earlier decision stays as history."""
    connection.execute(
        "INSERT INTO decisions (job_id, key, value, author, created_at) VALUES (?, ?, ?, ?, ?)",
        (job_id, key, json.dumps(value), author, now()),
    )
