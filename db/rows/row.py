"""Base of all typed rows."""

import sqlite3
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Row:
    """Base of all rows, created from the columns that the row and the query have in common."""

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the typed row of a raw one."""
        names: tuple[str, ...] = cls.__match_args__  # the fields, in their order
        return cls(*[row[name] for name in names])

    @classmethod
    def all_of(cls, cursor: sqlite3.Cursor) -> list[Self]:
        """Return the typed rows of a query; without a search by name if it has just the fields."""
        if tuple(column[0] for column in cursor.description) == cls.__match_args__:
            return [cls(*row) for row in cursor]
        return [cls.of(row) for row in cursor]
