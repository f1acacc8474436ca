"""Migration 4: whether the cost of a step's present call is counted already."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def apply(db: "Database") -> None:
    """Adds the column; what is done and has a cost was counted when it was stored."""
    db.execute("ALTER TABLE steps ADD COLUMN charged INTEGER NOT NULL DEFAULT 0")
    db.execute("UPDATE steps SET charged = 1 WHERE state = 'done' AND cost > 0")
