"""Migration 4: whether the cost of a step's present call is counted already."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def apply(db: "Database") -> None:
    """Adds a column; what is there stays as it is."""
    db.execute("ALTER TABLE steps ADD COLUMN charged INTEGER NOT NULL DEFAULT 0")
