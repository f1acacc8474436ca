"""Rows of webhooks and their deliveries."""

from dataclasses import dataclass

from db.rows.row import Row


@dataclass(frozen=True, slots=True)
class WebhookRow(Row):
    """An address that gets events.

    Attributes:
        batch_id: Its batch; None for all batches.
        types: Types of the events that it gets, as a JSON list.
        reason: Why it has ended.
    """

    id: int
    batch_id: int | None
    url: str
    types: str
    created_at: str
    ended_at: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class DeliveryRow(Row):
    """The delivery of one event to one webhook.

    Attributes:
        body: The message, which is the same at every try.
        state: `pending`, `delivered`, `failed` or `dropped`.
        attempts: Number of tries so far.
        next_at: Time of the next try.
        status: HTTP status of the last answer.
        error: What went wrong at the last try.
    """

    id: int
    webhook_id: int
    event_id: int
    type: str
    body: str
    state: str
    attempts: int
    next_at: str
    status: int | None
    error: str | None
    created_at: str
    ended_at: str | None
