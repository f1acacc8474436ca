"""Migration 10: an index of jobs by score that has those that failed apart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def apply(db: "Database") -> None:
    """Add the index: a list may have what failed on top, at any place of a million jobs."""
    db.execute("CREATE INDEX jobs_rank ON jobs(batch_id, (state = 'failed'), score, position)")
