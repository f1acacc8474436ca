"""Queries for webhooks and their deliveries."""

import sqlite3
from collections.abc import Collection

from db.clock import now
from db.rows import DeliveryRow, WebhookRow


def webhooks(connection: sqlite3.Connection, *, ended: bool = False) -> list[WebhookRow]:
    """Return the webhooks, oldest first; also those that have ended if `ended`."""
    where = "1" if ended else "ended_at IS NULL"
    sql = f"SELECT * FROM webhooks WHERE {where} ORDER BY id"  # noqa: S608 - fixed conditions
    return [WebhookRow.of(row) for row in connection.execute(sql)]


def deliveries(
    connection: sqlite3.Connection, *, open_only: bool = False, limit: int = 100
) -> list[DeliveryRow]:
    """Return the newest deliveries, newest first; only pending and failed ones if `open_only`."""
    where = "state IN ('pending', 'failed')" if open_only else "1"
    sql = f"SELECT * FROM deliveries WHERE {where} ORDER BY id DESC LIMIT ?"  # noqa: S608 - fixed
    return [DeliveryRow.of(row) for row in connection.execute(sql, (limit,))]


def due_deliveries(
    connection: sqlite3.Connection, limit: int, busy: Collection[int] = ()
) -> list[tuple[int, int]]:
    """Return deliveries that are due, as pairs of delivery and webhook, the longest due first.

    Args:
        connection: The store.
        limit: Maximum number.
        busy: Webhooks that get no more at present.
    """
    marks = ", ".join("?" * len(busy))
    sql = f"""SELECT id, webhook_id FROM deliveries
              WHERE state = 'pending' AND next_at <= ? AND webhook_id NOT IN ({marks})
              ORDER BY next_at LIMIT ?"""  # noqa: S608 - marks only
    return [(row[0], row[1]) for row in connection.execute(sql, (now(), *busy, limit))]
