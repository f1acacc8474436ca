"""Migration 3: a batch's counters are changed once, not twice, when a job moves."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")

_CHANGES = ", ".join(f"{s} = {s} - (OLD.state = '{s}') + (NEW.state = '{s}')" for s in _STATES)

_STATEMENTS = (
    "DROP TRIGGER jobs_moved",
    f"""
    CREATE TRIGGER jobs_moved AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state
    BEGIN UPDATE batches SET {_CHANGES} WHERE id = NEW.batch_id; END
    """,  # noqa: S608 - our own names
)


def apply(db: "Database") -> None:
    """Replaces the trigger; a job never changes its batch."""
    for statement in _STATEMENTS:
        db.execute(statement)
