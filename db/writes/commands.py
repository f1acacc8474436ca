"""Commands of operators, and their answers."""

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
    """Add a command for the engine; return its id.

    Args:
        connection: An open transaction's connection.
        verb: What to do, for example `pause`.
        targets: Targets: mappings with one key, `batch` or `job`, and its number.
        arguments: Other arguments of the verb.
        source: Origin of the command: `cli`, `tui`, `python`.
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
    """Store the outcome of a command, or the reason for its refusal."""
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


def undo_decision(connection: sqlite3.Connection, decision_id: int) -> bool:
    """Take a decision back; it remains as history. Return False if it was taken back before."""
    cursor = connection.execute(
        "UPDATE decisions SET undone_at = ? WHERE id = ? AND undone_at IS NULL",
        (now(), decision_id),
    )
    return cursor.rowcount > 0


def add_decision(
    connection: sqlite3.Connection, job_id: int, key: str, value: Any, author: str
) -> None:
    """Store an operator's decision; earlier decisions remain as history."""
    connection.execute(
        "INSERT INTO decisions (job_id, key, value, author, created_at) VALUES (?, ?, ?, ?, ?)",
        (job_id, key, json.dumps(value), author, now()),
    )
