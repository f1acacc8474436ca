"""Migration 17: weights and the like of a batch's backends, with their licences."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE materials (
      batch_id INTEGER NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      document TEXT NOT NULL,
      PRIMARY KEY (batch_id, backend, model)
    ) WITHOUT ROWID
    """,
)


def apply(db: "Database") -> None:
    """Add the table; of earlier batches nothing is known."""
    for statement in _STATEMENTS:
        db.execute(statement)
