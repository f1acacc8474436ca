"""Removal of old errors, calls and traces in small transactions; no sum of money changes by it."""

import json
import sqlite3
from dataclasses import dataclass

from db.queries.old_history import KINDS, Keep, last_old
from db.queries.old_uploads import old_uploads
from db.writes.callers import forget_uploads

SLICE = 1000
"""Rows that one transaction looks at."""


@dataclass(frozen=True, slots=True)
class Removed:
    """Old history that was removed, or would be.

    Attributes:
        rows: Number of rows.
        size: Bytes, as far as they are known; for traces those of their files.
        last: Number of the last row that was looked at; None if nothing is left to look at.
    """

    rows: int = 0
    size: int = 0
    last: int | None = None

    def __add__(self, other: "Removed") -> "Removed":
        """Return the sum, at the place of the other one."""
        return Removed(self.rows + other.rows, self.size + other.size, other.last)


def last_to_remove(connection: sqlite3.Connection, kind: str, keep: Keep) -> int:
    """Return the number of the last row of a kind of history that is older than is kept."""
    return last_old(connection, KINDS[kind][0], keep)


def remove_old(
    connection: sqlite3.Connection, kind: str, after: int, last: int, *, dry: bool = False
) -> Removed:
    """Remove a slice of old history.

    Args:
        connection: The store.
        kind: `errors`, `calls` or `traces`.
        after: Number of the row to begin after.
        last: Number of the last row that may go.
        dry: True to remove nothing, and say what would be.
    """
    _table, find = KINDS[kind]
    old = find(connection, after, last, SLICE)
    if old.rows and not dry:
        whole = json.dumps([row.id for row in old.rows if row.whole])
        details = json.dumps([row.id for row in old.rows if not row.whole])
        _REMOVE[kind](connection, whole, details)
    return Removed(len(old.rows), sum(row.size for row in old.rows), old.last)


def remove_uploads(
    connection: sqlite3.Connection, keep: Keep | None, most_bytes: int | None, *, dry: bool = False
) -> Removed:
    """Remove uploaded files that no batch uses.

    Args:
        connection: The store.
        keep: Age or number of uploads that are kept; None for all.
        most_bytes: Bytes of them that are kept; None for all.
        dry: True to remove nothing, and say what would be.
    """
    old = old_uploads(connection, keep, most_bytes)
    if not dry:
        forget_uploads(connection, [hash_ for hash_, _ in old])
    return Removed(len(old), sum(size for _, size in old))


def _remove_errors(connection: sqlite3.Connection, ids: str, details: str) -> None:
    connection.execute("DELETE FROM errors WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    connection.execute(
        "UPDATE errors SET traceback = '' WHERE id IN (SELECT value FROM json_each(?))", (details,)
    )


def _remove_calls(connection: sqlite3.Connection, ids: str, _details: str) -> None:
    sums = connection.execute(
        """SELECT count(*), sum(tokens_in), sum(tokens_out), step_id FROM api_calls
           WHERE id IN (SELECT value FROM json_each(?)) GROUP BY step_id""",
        (ids,),
    ).fetchall()
    connection.executemany(
        """UPDATE steps SET kept_calls = kept_calls + ?1,
           kept_in = coalesce(kept_in + ?2, kept_in, ?2),
           kept_out = coalesce(kept_out + ?3, kept_out, ?3) WHERE id = ?4""",
        [tuple(row) for row in sums],
    )
    connection.execute("DELETE FROM api_calls WHERE id IN (SELECT value FROM json_each(?))", (ids,))


def _remove_traces(connection: sqlite3.Connection, ids: str, _details: str) -> None:
    connection.execute(
        """INSERT OR IGNORE INTO freed_files (hash)
           SELECT hash FROM artifacts WHERE id IN (SELECT value FROM json_each(?))""",
        (ids,),
    )
    connection.execute("DELETE FROM artifacts WHERE id IN (SELECT value FROM json_each(?))", (ids,))


_REMOVE = {"errors": _remove_errors, "calls": _remove_calls, "traces": _remove_traces}
