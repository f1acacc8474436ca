"""Migration 18: results of steps that wait until their files are in the object store."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE held_results (
      step_id INTEGER PRIMARY KEY REFERENCES steps(id) ON DELETE CASCADE,
      outcome TEXT NOT NULL,
      held_at TEXT NOT NULL
    )
    """,
)


def apply(db: "Database") -> None:
    """Add the table."""
    for statement in _STATEMENTS:
        db.execute(statement)
