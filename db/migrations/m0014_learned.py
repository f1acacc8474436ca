"""Migration 14: terms of prompts, and whether they helped with a model."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE learned (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      recipe TEXT NOT NULL,
      model TEXT NOT NULL,
      term TEXT NOT NULL,
      tried INTEGER NOT NULL DEFAULT 0,
      helped INTEGER NOT NULL DEFAULT 0,
      gain REAL NOT NULL DEFAULT 0,
      active INTEGER NOT NULL DEFAULT 1,
      author TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      UNIQUE (recipe, model, term)
    )
    """,
    "ALTER TABLE jobs ADD COLUMN learned INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_to_learn ON jobs(id) WHERE learned = 0 AND state = 'done'",
)


def apply(db: "Database") -> None:
    """Add the table, and a mark of the jobs that were read; jobs of before are read in pieces."""
    for statement in _STATEMENTS:
        db.execute(statement)
