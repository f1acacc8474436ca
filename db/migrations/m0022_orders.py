"""Migration 22: indexes of steps that wait for somebody, and of jobs by their cost."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "CREATE INDEX steps_waiting ON steps(started_at) WHERE state = 'waiting'",
    "CREATE INDEX jobs_cost ON jobs(batch_id, cost, position)",
)


def apply(db: "Database") -> None:
    """Add the indexes: approvals read the steps that wait, a list by cost reads what it shows."""
    for statement in _STATEMENTS:
        db.execute(statement)
