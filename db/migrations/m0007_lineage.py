"""Migration 7: the job, step and file that a job's input was sent from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE lineage (
      job_id INTEGER PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE,
      source_job_id INTEGER NOT NULL,
      source_step_id INTEGER,
      source TEXT NOT NULL,
      hash TEXT
    )
    """,
    "CREATE INDEX lineage_by_source ON lineage(source_job_id)",
)


def apply(db: "Database") -> None:
    """Add the table; no job of an earlier version was sent from another."""
    for statement in _STATEMENTS:
        db.execute(statement)
