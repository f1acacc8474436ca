"""Migration 19: the lane that a step has waited for, and the device that its model ran on."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "ALTER TABLE steps ADD COLUMN lane TEXT",
    "ALTER TABLE steps ADD COLUMN device TEXT",
)


def apply(db: "Database") -> None:
    """Add the columns; steps of before have neither.

    `lane` is stored with `waited`, so only for a step that had to wait.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
