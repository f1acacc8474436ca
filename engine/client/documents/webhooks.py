"""Documents of webhooks and their deliveries; a query of an address may be a secret."""

import json
from typing import Any
from urllib.parse import urlsplit

from db.rows import DeliveryRow, WebhookRow
from engine.client.ids import batch_name


def webhook_document(webhook: WebhookRow) -> dict[str, Any]:
    """Return a webhook as plain data."""
    return {
        "id": webhook.id,
        "batch": None if webhook.batch_id is None else batch_name(webhook.batch_id),
        "url": shown_url(webhook.url),
        "events": json.loads(webhook.types),
        "created_at": webhook.created_at,
        "ended_at": webhook.ended_at,
        "reason": webhook.reason,
    }


def delivery_document(delivery: DeliveryRow) -> dict[str, Any]:
    """Return a delivery as plain data."""
    return {
        "id": delivery.id,
        "webhook": delivery.webhook_id,
        "event": delivery.event_id,
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "error": delivery.error,
        "next_at": delivery.next_at if delivery.state == "pending" else None,
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }


def shown_url(url: str) -> str:
    """Return an address without the values of its query."""
    parts = urlsplit(url)
    return parts._replace(query="…" if parts.query else "").geturl()
