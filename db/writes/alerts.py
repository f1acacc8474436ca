"""Alerts that are due: found in the history of events, and recorded before they are sent."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from db.clock import ago, now
from db.queries.batches import batch as read_batch
from db.queries.controls import control
from db.writes.controls import clear_control, set_control
from db.writes.events import record_event
from db.writes.webhooks import wants

ALERTED = "alerted"
"""Name of the workspace's value: the number of the last event that was looked at."""

TYPES = ("job.parked", "batch.parked", "batch.done", "batch.finish_failed", "job.failed")
_MARKS = ", ".join("?" * len(TYPES))

KINDS = ("parked", "done", "budget", "error_rate")

SLICE = 5000
"""Events that one transaction looks at; the others are looked at the next time."""


@dataclass(frozen=True, slots=True)
class AlertRules:
    """Rules by which events are alerts.

    Attributes:
        on: Kinds that are wanted.
        error_rate: Share of failed jobs from which it is an alert, 0 to 1.
        min_jobs: Ended jobs before that share counts.
        every_minutes: Minutes in which a batch has at most one alert of a kind.
    """

    on: frozenset[str]
    error_rate: float
    min_jobs: int
    every_minutes: float


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a user gets to know.

    Attributes:
        kind: `parked`, `done`, `budget` or `error_rate`.
        batch: The batch's number.
        name: The batch's name.
        recipe: Its recipe.
        message: The event's message.
        at: Time of the event, UTC in ISO 8601.
        job: Number of the job that it is about; None for the batch.
        jobs: Number of the batch's jobs in each state.
    """

    kind: str
    batch: int
    name: str
    recipe: str
    message: str
    at: str
    job: int | None = None
    jobs: dict[str, int] = field(default_factory=dict)


def newest_alarming(connection: sqlite3.Connection, after: int) -> int:
    """Return the number of the newest event that may be an alert; 0 if there is none."""
    sql = f"SELECT max(id) FROM events WHERE id > ? AND type IN ({_MARKS})"  # noqa: S608
    return int(connection.execute(sql, (after, *TYPES)).fetchone()[0] or 0)


def webhooks_want_alerts(connection: sqlite3.Connection) -> bool:
    """Return True if a webhook wants any alert."""
    return wants(connection, [f"alert.{kind}" for kind in KINDS], None)


def forget_position(connection: sqlite3.Connection) -> None:
    """Forget what was looked at, so that alerts that are turned on later begin with what is new."""
    if control(connection, ALERTED) is not None:
        clear_control(connection, ALERTED)


def due_alerts(connection: sqlite3.Connection, rules: AlertRules) -> list[Alert]:
    """Return the alerts that are due since the last call, recorded as sent.

    For each that a webhook wants, the event with its delivery is written too. The first call
    only notes where the history ends.
    """
    position = control(connection, ALERTED)
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    if position is None:
        set_control(connection, ALERTED, str(newest))
        return []
    sql = f"""SELECT id, at, batch_id, job_id, type, message, data FROM events
              WHERE id > ? AND type IN ({_MARKS}) ORDER BY id LIMIT {SLICE}"""  # noqa: S608
    rows = connection.execute(sql, (int(position), *TYPES)).fetchall()
    last = rows[-1]["id"] if len(rows) == SLICE else newest
    set_control(connection, ALERTED, str(last))
    return [
        alert for alert in _alerts(connection, rows, rules) if _record(connection, alert, rules)
    ]


def _alerts(
    connection: sqlite3.Connection, rows: list[sqlite3.Row], rules: AlertRules
) -> Iterator[Alert]:
    for row in rows:
        batch = read_batch(connection, row["batch_id"]) if row["batch_id"] is not None else None
        kind = _kind(row["type"], row["data"])
        if batch is None or kind not in rules.on:
            continue
        message = row["message"]
        if kind == "error_rate":
            ended = batch.done + batch.failed
            if ended < rules.min_jobs or batch.failed < rules.error_rate * ended:
                continue
            message = f"{batch.failed} of {ended} jobs failed. The last: {message}"
        yield Alert(
            kind, batch.id, batch.name, batch.recipe, message, row["at"], row["job_id"], batch.jobs
        )


def _kind(type_: str, data: str) -> str:
    if type_ == "job.failed":
        return "error_rate"
    if type_ in {"batch.done", "batch.finish_failed"}:
        return "done"
    details: Any = json.loads(data)
    return "budget" if details.get("reason") == "budget" else "parked"


def _record(connection: sqlite3.Connection, alert: Alert, rules: AlertRules) -> bool:
    """Record an alert; return False if its batch has had one of the kind in the period."""
    sql = "SELECT 1 FROM alerts WHERE batch_id = ? AND kind = ? AND at > ?"
    since = ago(60 * rules.every_minutes)
    if connection.execute(sql, (alert.batch, alert.kind, since)).fetchone() is not None:
        return False
    connection.execute(
        "INSERT INTO alerts (batch_id, kind, at) VALUES (?, ?, ?)",
        (alert.batch, alert.kind, now()),
    )
    type_ = f"alert.{alert.kind}"
    if wants(connection, [type_], alert.batch):
        level = "info" if alert.kind == "done" else "warning"
        record_event(
            connection,
            type_,
            batch_id=alert.batch,
            job_id=alert.job,
            level=level,
            message=alert.message,
        )
    return True
