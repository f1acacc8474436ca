"""Migration 2: scores of one picture among several, previews, and model hosts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "ALTER TABLE scores ADD COLUMN image TEXT",
    "ALTER TABLE progress ADD COLUMN preview BLOB",
    """
    CREATE TABLE hosts (
      device TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      pid INTEGER,
      state TEXT NOT NULL,
      message TEXT NOT NULL DEFAULT '',
      memory_total INTEGER,
      memory_budget INTEGER,
      memory_used INTEGER,
      models TEXT NOT NULL DEFAULT '[]',
      waiting INTEGER NOT NULL DEFAULT 0,
      running INTEGER NOT NULL DEFAULT 0,
      restarts INTEGER NOT NULL DEFAULT 0,
      updated_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)


def apply(db: "Database") -> None:
    """Adds columns and a table; what is there stays as it is."""
    for statement in _STATEMENTS:
        db.execute(statement)
