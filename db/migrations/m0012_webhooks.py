"""Migration 12: webhooks, and a delivery for each event that one wants."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE webhooks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      batch_id INTEGER,
      url TEXT NOT NULL,
      types TEXT NOT NULL,
      created_at TEXT NOT NULL,
      ended_at TEXT,
      reason TEXT
    )
    """,
    """
    CREATE TABLE deliveries (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      webhook_id INTEGER NOT NULL,
      event_id INTEGER NOT NULL,
      type TEXT NOT NULL,
      body TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'pending',
      attempts INTEGER NOT NULL DEFAULT 0,
      next_at TEXT NOT NULL,
      status INTEGER,
      error TEXT,
      created_at TEXT NOT NULL,
      ended_at TEXT,
      UNIQUE (webhook_id, event_id)
    )
    """,
    "CREATE INDEX deliveries_due ON deliveries(next_at) WHERE state = 'pending'",
)


def apply(db: "Database") -> None:
    """Add the tables; a store of before has no webhook.

    `webhooks.batch_id` is NULL for one of all batches; `types` is a JSON list. `deliveries.state`
    is `pending`, `delivered`, `failed` (it was tried for the last time) or `dropped` (its webhook
    has ended).
    """
    for statement in _STATEMENTS:
        db.execute(statement)
