"""Migration 9: decisions taken back, branches, the state of the whole workspace, and alerts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "ALTER TABLE decisions ADD COLUMN undone_at TEXT",
    "ALTER TABLE steps ADD COLUMN inherited INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE lineage ADD COLUMN branch TEXT",
    """
    CREATE TABLE controls (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL,
      set_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE alerts (
      id INTEGER PRIMARY KEY,
      batch_id INTEGER,
      kind TEXT NOT NULL,
      at TEXT NOT NULL
    )
    """,
    "CREATE INDEX alerts_of_batch ON alerts(batch_id, kind, id)",
)


def apply(db: "Database") -> None:
    """Add columns and tables; no decision is undone, no job is a branch, nothing is paused.

    `steps.inherited` is 1 for a step of a branch that answers by its key, whatever its fingerprint.
    `lineage.branch` is the scope that a branch begins at; NULL for an input that was sent.
    `controls` has the row `paused` while everything is paused, and `alerted` with the number of the
    last event that was looked at for alerts.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
