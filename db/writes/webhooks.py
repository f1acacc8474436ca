"""Webhooks: who gets which events, and the delivery of each, in the event's own transaction."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from db.clock import now
from db.queries.batches import batch as read_batch
from db.queries.jobs import job as read_job
from db.rows import DeliveryRow, WebhookRow
from db.text import storable

TYPES = {
    "batch.done": "batch.finished",
    "batch.finish_failed": "batch.finished",
    "job.done": "job.finished",
    "job.failed": "job.finished",
    "job.cancelled": "job.finished",
    "job.parked": "job.parked",
    "budget.reached": "budget.reached",
    "alert.parked": "alert.parked",
    "alert.done": "alert.done",
    "alert.budget": "alert.budget",
    "alert.error_rate": "alert.error_rate",
}
"""Type of the webhook of each event that has one."""

MEANINGS = {
    "batch.finished": "a batch has ended, with failures or without; again if it was retried",
    "job.finished": "a job is done, failed or cancelled",
    "job.parked": "a job waits for something: `waits_for` is `key`, `quota`, `budget`, `disk`, "
    "`weights`, `approval` ...",
    "budget.reached": "the first job of a batch waits for a budget; again after it was raised and "
    "used up",
    "alert.parked": "something of a batch waits for its user",
    "alert.done": "a batch has ended",
    "alert.budget": "a budget is used up",
    "alert.error_rate": "too many jobs of a batch fail",
}
"""Types of webhooks, and when each is sent; `docs/webhooks.md` has the same."""

WEBHOOK_TYPES = tuple(MEANINGS)

USUAL_TYPES = tuple(type_ for type_ in MEANINGS if not type_.startswith("alert."))
"""Types that a webhook gets without a choice: alerts say again what other events say."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook of a batch that is queued.

    Attributes:
        url: Its address.
        types: Types of the events that it gets, of `WEBHOOK_TYPES`.
    """

    url: str
    types: Sequence[str] = USUAL_TYPES


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event as it was written.

    Attributes:
        id: Its number.
        at: Its time.
        type: Its type, of `TYPES`.
        batch_id: Its batch.
        job_id: Its job; None for the batch.
        message: Its message.
    """

    id: int
    at: str
    type: str
    batch_id: int | None
    job_id: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one try to deliver.

    Attributes:
        state: `delivered`, `pending` to try again, `failed`, or `dropped`.
        next_at: Time of the next try; of the end if there is none.
        status: HTTP status; None if there was no answer.
        error: What went wrong, in one sentence.
    """

    state: str
    next_at: str
    status: int | None = None
    error: str | None = None


def add_webhook(
    connection: sqlite3.Connection, batch_id: int | None, url: str, types: Sequence[str]
) -> int:
    """Add a webhook of a batch, or of all; return its number. The same one is not added twice."""
    text = json.dumps(sorted(types))
    row = connection.execute(
        """SELECT id FROM webhooks WHERE batch_id IS ? AND url = ? AND types = ?
           AND ended_at IS NULL""",
        (batch_id, url, text),
    ).fetchone()
    if row is not None:
        return int(row[0])
    cursor = connection.execute(
        "INSERT INTO webhooks (batch_id, url, types, created_at) VALUES (?, ?, ?, ?)",
        (batch_id, url, text, now()),
    )
    return int(cursor.lastrowid or 0)


def end_webhook(connection: sqlite3.Connection, webhook_id: int, reason: str) -> bool:
    """End a webhook with what it has not delivered; return False if it has ended before."""
    at = now()
    ended = connection.execute(
        "UPDATE webhooks SET ended_at = ?, reason = ? WHERE id = ? AND ended_at IS NULL",
        (at, storable(reason), webhook_id),
    ).rowcount
    connection.execute(
        """UPDATE deliveries SET state = 'dropped', ended_at = ?, error = ?
           WHERE webhook_id = ? AND state = 'pending'""",
        (at, storable(reason), webhook_id),
    )
    return bool(ended)


def add_deliveries(connection: sqlite3.Connection, event: NewEvent) -> None:
    """Add a delivery of an event for each webhook that wants it."""
    type_ = TYPES[event.type]
    rows = connection.execute(
        """SELECT id FROM webhooks WHERE ended_at IS NULL AND (batch_id IS NULL OR batch_id = ?)
           AND EXISTS (SELECT 1 FROM json_each(types) WHERE value = ?)""",
        (event.batch_id, type_),
    ).fetchall()
    if not rows:
        return
    body = json.dumps(_body(connection, event, type_))
    connection.executemany(
        """INSERT INTO deliveries (webhook_id, event_id, type, body, next_at, created_at)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [(row[0], event.id, type_, body, event.at, event.at) for row in rows],
    )


def _body(connection: sqlite3.Connection, event: NewEvent, type_: str) -> dict[str, Any]:
    """Return the message about an event: the batch and the job as they are at this moment."""
    data: dict[str, Any] = {}
    batch = read_batch(connection, event.batch_id) if event.batch_id is not None else None
    if batch is not None:
        data["batch"] = {
            "id": f"b{batch.id}",
            "name": batch.name,
            "recipe": batch.recipe,
            "status": batch.state,
            "jobs": batch.jobs,
            "cost_usd": batch.cost / MILLION,
        }
    job = read_job(connection, event.job_id) if event.job_id is not None else None
    if job is not None:
        data["job"] = {
            "id": f"j{job.id}",
            "key": job.key,
            "status": job.state,
            "waits_for": job.reason,
            "best_score": job.score,
            "cost_usd": job.cost / MILLION,
        }
    data["message"] = event.message
    return {"type": type_, "timestamp": event.at, "event": event.id, "data": data}


def wants(connection: sqlite3.Connection, types: Sequence[str], batch_id: int | None) -> bool:
    """Return True if a webhook of a batch, or of all, wants one of some types of events.

    Args:
        connection: The store.
        types: The types.
        batch_id: The batch; None for any batch.
    """
    sql = """SELECT 1 FROM webhooks w WHERE ended_at IS NULL
             AND (:batch IS NULL OR batch_id IS NULL OR batch_id = :batch)
             AND EXISTS (SELECT 1 FROM json_each(w.types) WHERE value IN
               (SELECT value FROM json_each(:types))) LIMIT 1"""
    values = {"batch": batch_id, "types": json.dumps(list(types))}
    return connection.execute(sql, values).fetchone() is not None


def claim_delivery(
    connection: sqlite3.Connection, delivery_id: int, until: str
) -> tuple[DeliveryRow, WebhookRow] | None:
    """Take a due delivery for one try, so that no other process tries it before `until`.

    Returns:
        It with its webhook; None if it is no longer due.
    """
    row = connection.execute(
        """UPDATE deliveries SET attempts = attempts + 1, next_at = ?
           WHERE id = ? AND state = 'pending' AND next_at <= ? RETURNING *""",
        (until, delivery_id, now()),
    ).fetchone()
    if row is None:
        return None
    webhook = connection.execute(
        "SELECT * FROM webhooks WHERE id = ?", (row["webhook_id"],)
    ).fetchone()
    return None if webhook is None else (DeliveryRow.of(row), WebhookRow.of(webhook))


def end_try(connection: sqlite3.Connection, delivery_id: int, outcome: Outcome) -> None:
    """Store the outcome of a try; a delivery that was dropped meanwhile is left alone."""
    values = asdict(outcome)
    values["error"] = None if outcome.error is None else storable(outcome.error)
    connection.execute(
        """UPDATE deliveries SET state = :state, next_at = :next_at, status = :status,
           error = :error, ended_at = CASE :state WHEN 'pending' THEN NULL ELSE :now END
           WHERE id = :id AND state = 'pending'""",
        {**values, "id": delivery_id, "now": now()},
    )


def put_off(connection: sqlite3.Connection, delivery_id: int, until: str, reason: str) -> None:
    """Put a claimed delivery off that was not tried; it does not count as a try."""
    connection.execute(
        """UPDATE deliveries SET attempts = max(0, attempts - 1), next_at = ?, error = ?
           WHERE id = ? AND state = 'pending'""",
        (until, storable(reason), delivery_id),
    )


def retry_deliveries(connection: sqlite3.Connection, ids: Sequence[int] | None) -> int:
    """Make deliveries due now that are pending or have failed; return how many.

    Args:
        connection: The store.
        ids: The deliveries; None for all of webhooks that have not ended.
    """
    chosen = "" if ids is None else "AND id IN (SELECT value FROM json_each(:ids))"
    return connection.execute(
        f"""UPDATE deliveries SET state = 'pending', attempts = 0, next_at = :now, ended_at = NULL
            WHERE state IN ('pending', 'failed') {chosen}
            AND webhook_id IN (SELECT id FROM webhooks WHERE ended_at IS NULL)""",  # noqa: S608
        {"now": now(), "ids": json.dumps(list(ids or ()))},
    ).rowcount


def prune_deliveries(connection: sqlite3.Connection, keep: int, at_most: int = 10_000) -> int:
    """Remove the oldest ended deliveries beyond the newest `keep`; return how many."""
    return connection.execute(
        """DELETE FROM deliveries WHERE id IN (
             SELECT id FROM deliveries WHERE state <> 'pending'
             AND id <= (SELECT max(id) FROM deliveries) - ? ORDER BY id LIMIT ?)""",
        (keep, at_most),
    ).rowcount


def delete_webhooks_of(connection: sqlite3.Connection, batch_id: int) -> None:
    """Delete the webhooks of a batch with their deliveries."""
    connection.execute(
        "DELETE FROM deliveries WHERE webhook_id IN (SELECT id FROM webhooks WHERE batch_id = ?)",
        (batch_id,),
    )
    connection.execute("DELETE FROM webhooks WHERE batch_id = ?", (batch_id,))
