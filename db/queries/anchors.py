"""Pages of a long ordered query from rows whose places in it are known, not from an end."""

import sqlite3
from bisect import bisect_right
from dataclasses import dataclass

HOP = 1_000
"""Rows from one anchor to the next: the most that are skipped once all are known."""

HOPS = 20
"""Maximum anchors that are found at a time: in some milliseconds."""


@dataclass(frozen=True, slots=True)
class OrderedRows:
    """Rows of a table in the order of some columns, all in the same direction.

    Attributes:
        where: `FROM` and `WHERE` of the query, without values of its own text.
        values: Values of its marks.
        columns: Columns of the order, the last of which is unique; an index has them. The first
            may be an expression of the index.
        descending: True for the last first.
        more: Values of the marks for further rows of the same kind, which are merged with these.
    """

    where: str
    values: tuple[object, ...]
    columns: tuple[str, ...]
    descending: bool = False
    more: tuple[tuple[object, ...], ...] = ()

    def select(
        self, what: tuple[str, ...], since: tuple[object, ...] | None, *, backward: bool = False
    ) -> tuple[str, tuple[object, ...]]:
        """Return the query of a part of the rows and its values, without limit and offset.

        Args:
            what: Selected columns; those of the order follow.
            since: The row that it starts with; None for the first.
            backward: True for the reversed order.
        """
        down = self.descending != backward
        names, marks = ", ".join(self.columns), ", ".join("?" * len(self.columns))
        sign = "<=" if down else ">="
        start = f" AND ({names}) {sign} ({marks})" if since else ""
        lead = since[:1] if since and not self.columns[0].isidentifier() else ()
        if lead:  # of a row with an expression SQLite searches none, and filters all
            start = f" AND {self.columns[0]} {sign} ?{start}"
        order = ", ".join(f"{name} DESC" if down else name for name in self.columns)
        arms = (self.values, *self.more)
        one = f"SELECT {', '.join((*what, *self.columns))} {self.where}{start}"
        values = tuple(value for arm in arms for value in (*arm, *lead, *(since or ())))
        sql = f"{' UNION ALL '.join([one] * len(arms))} ORDER BY {order} LIMIT ? OFFSET ?"
        return sql, values


class Anchors:
    """Some rows of an ordered query with their places, one each `HOP` rows."""

    def __init__(self) -> None:
        self._indexes: list[int] = []
        self._rows: list[tuple[object, ...]] = []
        self._is_whole = False

    def is_ready(self, total: int) -> bool:
        """Return True if all anchors of a query of some rows are known."""
        return self._is_whole or total < 2 * HOP

    def before(self, index: int) -> tuple[int, tuple[object, ...] | None]:
        """Return place and row of the last anchor at or before an index; (0, None) if none is."""
        at = bisect_right(self._indexes, index) - 1
        return (self._indexes[at], self._rows[at]) if at >= 0 else (0, None)

    def extend(self, connection: sqlite3.Connection, ordered: OrderedRows, total: int) -> None:
        """Find the next few anchors, in some milliseconds."""
        for _ in range(HOPS):
            if self.is_ready(total):
                return
            place = self._indexes[-1] if self._indexes else 0
            since = self._rows[-1] if self._rows else None
            sql, values = ordered.select((), since)
            row = connection.execute(sql, (*values, 1, HOP)).fetchone()
            if row is None:
                self._is_whole = True
            else:
                self._indexes.append(place + HOP)
                self._rows.append(tuple(row))


def page_of_ids(
    connection: sqlite3.Connection,
    ordered: OrderedRows,
    start: int,
    count: int,
    total: int,
    anchors: Anchors | None = None,
) -> list[int]:
    """Return ids of a page of ordered rows, counted from the nearest known place.

    Args:
        connection: A reader.
        ordered: The rows.
        start: Index of the first row.
        count: Maximum number of rows.
        total: Number of all rows.
        anchors: Known places; None to count from the nearer end.
    """
    count = max(0, min(count, total - start))
    place, since = anchors.before(start) if anchors else (0, None)
    from_end = total - start - count
    if from_end < start - place:
        ids = _ids(connection, ordered.select(("id",), None, backward=True), count, from_end)
        ids.reverse()
    else:
        ids = _ids(connection, ordered.select(("id",), since), count, start - place)
    return ids


def _ids(
    connection: sqlite3.Connection, query: tuple[str, tuple[object, ...]], count: int, skip: int
) -> list[int]:
    sql, values = query
    return [row["id"] for row in connection.execute(sql, (*values, count, skip))]
