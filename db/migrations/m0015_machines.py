"""Migration 15: machines, links and load of model hosts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "ALTER TABLE hosts ADD COLUMN machine TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE hosts ADD COLUMN link TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE hosts ADD COLUMN retry_at REAL",
    "ALTER TABLE hosts ADD COLUMN latency_ms REAL",
    "ALTER TABLE hosts ADD COLUMN version TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE hosts ADD COLUMN load INTEGER",
    "ALTER TABLE hosts ADD COLUMN celsius INTEGER",
    "ALTER TABLE hosts ADD COLUMN device_used INTEGER",
)


def apply(db: "Database") -> None:
    """Add the columns; rows of an older engine have no machine and nothing measured."""
    for statement in _STATEMENTS:
        db.execute(statement)
