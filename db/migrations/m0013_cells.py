"""Migration 13: axes of jobs, and settings that some jobs of a batch have of their own."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE variants (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      batch_id INTEGER NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
      settings TEXT NOT NULL,
      snapshot TEXT NOT NULL
    )
    """,
    "CREATE INDEX variants_of_batch ON variants(batch_id)",
    "ALTER TABLE jobs ADD COLUMN axes TEXT",
    "ALTER TABLE jobs ADD COLUMN variant INTEGER",
)


def apply(db: "Database") -> None:
    """Add the table and the columns; jobs of before have neither axes nor own settings.

    `jobs.axes` is an object of values by axis, in order. `jobs.variant` names the settings and the
    snapshot that the job runs with in place of its batch's.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
