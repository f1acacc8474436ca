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
