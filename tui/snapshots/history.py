"""A long history as a list, the newest first: indexed backwards in slices, as far as it is read."""

import sqlite3
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from db.queries.activity import HistoryLine

SLICE = 50_000
"""Numbers that one read looks at."""

Scan = Callable[[sqlite3.Connection, int, int], list[HistoryLine]]
"""Returns the lines of rows numbered above a number up to another, oldest first."""


@dataclass(slots=True)
class _Lines:
    """Lines in three arrays, so that a million take 24 MB."""

    first: "array[int]" = field(default_factory=lambda: array("q"))
    last: "array[int]" = field(default_factory=lambda: array("q"))
    count: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, line: HistoryLine) -> None:
        self.first.append(line.first)
        self.last.append(line.last)
        self.count.append(line.size)

    def cut(self, first: int) -> None:
        """Remove the lines from the end that begin at or after a number."""
        while self.first and self.first[-1] >= first:
            for values in (self.first, self.last, self.count):
                values.pop()

    def at(self, index: int) -> HistoryLine:
        return HistoryLine(self.first[index], self.last[index], self.count[index])

    def __len__(self) -> int:
        return len(self.first)


class History:
    """Index of a history.

    Args:
        newest: Returns the number of the newest row.
        scan: Returns the lines of a range of numbers.
        unsettled: Returns the first number whose lines may still grow; by default none do.
    """

    def __init__(
        self,
        newest: Callable[[sqlite3.Connection], int],
        scan: Scan,
        unsettled: Callable[[sqlite3.Connection], int] | None = None,
    ) -> None:
        self._newest = newest
        self._scan = scan
        self._unsettled = unsettled
        self._fresh = _Lines()
        self._older = _Lines()
        self._low = -1
        self._high = -1
        self._open = 0

    @property
    def complete(self) -> bool:
        """True if the oldest row has been read."""
        return self._low == 0

    @property
    def fresh(self) -> int:
        """Number of lines since the first read."""
        return len(self._fresh)

    @property
    def searched(self) -> float:
        """Share of the numbers that have been looked at, from 0 to 1."""
        return 1.0 if self._high <= 0 else 1 - self._low / self._high

    def __len__(self) -> int:
        return len(self._fresh) + len(self._older)

    def read(self, connection: sqlite3.Connection, enough: int) -> None:
        """Index what is new, and one slice of what is older unless `enough` lines are indexed."""
        newest = self._newest(connection)
        if newest < self._high or self._low < 0:
            self._begin(connection, newest)
        elif newest > self._high:
            self._add(connection, newest)
        if len(self) < enough and self._low > 0:
            self._extend(connection)

    def _begin(self, connection: sqlite3.Connection, newest: int) -> None:
        self._fresh, self._older = _Lines(), _Lines()
        self._high = newest
        self._open = self._first_open(connection, newest)
        self._low = max(0, min(self._open - 1, newest))
        for line in self._scan(connection, self._low, newest):
            self._fresh.add(line)

    def _add(self, connection: sqlite3.Connection, newest: int) -> None:
        self._fresh.cut(self._open)
        for line in self._scan(connection, self._open - 1, newest):
            self._fresh.add(line)
        self._high, self._open = newest, self._first_open(connection, newest)

    def _first_open(self, connection: sqlite3.Connection, newest: int) -> int:
        """Return the first number whose lines may still grow."""
        return max(1, self._unsettled(connection)) if self._unsettled else newest + 1

    def _extend(self, connection: sqlite3.Connection) -> None:
        low = max(0, self._low - SLICE)
        for line in reversed(self._scan(connection, low, self._low)):
            self._older.add(line)
        self._low = low

    def page(self, start: int, count: int) -> list[HistoryLine]:
        """Return lines from an index on, the newest first."""
        return [self._at(index) for index in range(start, min(start + count, len(self)))]

    def _at(self, index: int) -> HistoryLine:
        fresh = len(self._fresh)
        return self._fresh.at(fresh - 1 - index) if index < fresh else self._older.at(index - fresh)
