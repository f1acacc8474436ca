"""Gates: values that wait for an operator's approval, and the answers."""

import json
import sqlite3
from typing import Any

from db.clock import now
from db.rows import StepRow
from db.writes.commands import add_decision
from db.writes.errors import ErrorRecord, record_error
from db.writes.events import record_event
from db.writes.records import Intent
from db.writes.steps import begin_step

OPERATION = "approve"
OPERATOR = "operator"
WAITING = "waiting"
"""State of a step that waits for an operator."""


def open_gate(connection: sqlite3.Connection, intent: Intent) -> int:
    """Add a step that waits for approval; return its id."""
    step_id = begin_step(connection, intent)
    wait_again(connection, step_id)
    return step_id


def wait_again(connection: sqlite3.Connection, step_id: int) -> None:
    """Have a step wait for approval, after a retry took a rejection back."""
    connection.execute("UPDATE steps SET state = ? WHERE id = ?", (WAITING, step_id))


def ask_again(connection: sqlite3.Connection, step_id: int) -> None:
    """Have a gate that was answered wait again once its job comes to it."""
    connection.execute(
        """UPDATE steps SET state = 'open', result = NULL, error_id = NULL, finished_at = NULL
           WHERE id = ?""",
        (step_id,),
    )


def batch_waits(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Return True while a batch's own steps wait at a gate."""
    sql = """SELECT EXISTS (SELECT 1 FROM steps WHERE batch_id = ? AND job_id IS NULL
             AND state = ? AND superseded_at IS NULL)"""
    return bool(connection.execute(sql, (batch_id, WAITING)).fetchone()[0])


def approve_gate(
    connection: sqlite3.Connection, gate: StepRow, value: Any, *, edited: bool
) -> None:
    """Store an approved value as the result of a gate's step, and the approval as a decision."""
    result = json.dumps({"value": value, "edited": edited}, ensure_ascii=False)
    connection.execute(
        """UPDATE steps SET state = 'done', result = ?, error_id = NULL, finished_at = ?
           WHERE id = ?""",
        (result, now(), gate.id),
    )
    _record(connection, gate, {"approved": True, "edited": edited})
    _say(connection, gate, "step.done", gate.key)


def reject_gate(connection: sqlite3.Connection, gate: StepRow, error: ErrorRecord) -> None:
    """Store a rejection as the failure of a gate's step, and as a decision."""
    error_id = record_error(connection, error, gate.batch_id, gate.job_id, gate.id)
    connection.execute(
        """UPDATE steps SET state = 'failed', result = NULL, error_id = ?, finished_at = ?
           WHERE id = ?""",
        (error_id, now(), gate.id),
    )
    _record(connection, gate, {"approved": False, "reason": error.message})
    _say(connection, gate, "step.rejected", f"{gate.key}: {error.message}")


def _record(connection: sqlite3.Connection, gate: StepRow, verdict: dict[str, Any]) -> None:
    if gate.job_id is not None:
        add_decision(connection, gate.job_id, gate.key, verdict, OPERATOR)


def _say(connection: sqlite3.Connection, gate: StepRow, type_: str, message: str) -> None:
    record_event(
        connection,
        type_,
        batch_id=gate.batch_id,
        job_id=gate.job_id,
        step_id=gate.id,
        message=message,
    )
