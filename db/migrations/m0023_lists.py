"""Migration 23: ended jobs by the time that they took, jobs at gates, a lighter end of a job."""

from typing import TYPE_CHECKING

from db.ended_jobs import HAS_ENDED, TOOK
from db.migrations.m0020_spent import ended

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "DROP INDEX jobs_score",
    f"CREATE INDEX jobs_time ON jobs(batch_id, {TOOK}, position) WHERE {HAS_ENDED}",
    """CREATE INDEX jobs_at_gates ON jobs(batch_id)
       WHERE state = 'parked' AND reason = 'approval'""",
    "DROP TRIGGER jobs_ended",
    f"""
    CREATE TRIGGER jobs_ended AFTER UPDATE OF finished_at ON jobs
    WHEN OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL
    BEGIN {ended("NEW", 1)} END
    """,
    f"""
    CREATE TRIGGER jobs_changed AFTER UPDATE OF finished_at, score ON jobs
    WHEN OLD.finished_at IS NOT NULL
      AND (OLD.finished_at IS NOT NEW.finished_at OR OLD.score IS NOT NEW.score)
    BEGIN {ended("OLD", -1)} {ended("NEW", 1)} END
    """,
)


def apply(db: "Database") -> None:
    """Add the indexes, and count the end of a job without a look at an end before it.

    `jobs_rank` serves what `jobs_score` did, so that a score is written to one index.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
