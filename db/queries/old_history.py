"""Queries for history that is older than it is kept: errors, calls and traces.

What a resume, a sum or a decision needs is never among it: errors that a step or a job ended with,
calls of steps that have not ended, the rows of the steps themselves.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from db.clock import ago

Keep = timedelta | int
"""Amount of a kind of history that is kept: an age, or a number of newest rows."""


@dataclass(frozen=True, slots=True)
class OldRow:
    """A row that may go.

    Attributes:
        id: Its number.
        size: Bytes that it frees, as far as they are known.
        whole: False if only its details go, such as a traceback.
    """

    id: int
    size: int
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Slice:
    """Some old rows, in order.

    Attributes:
        rows: Those that may go.
        last: Number of the last row that was looked at; None if there is none left.
    """

    rows: Sequence[OldRow]
    last: int | None


Find = Callable[[sqlite3.Connection, int, int, int], Slice]
"""Finds rows to remove after a number and up to another one, in a slice of at most so many."""

_TIMES = {"errors": "created_at", "api_calls": "finished_at", "artifacts": "created_at"}


def last_old(connection: sqlite3.Connection, table: str, keep: Keep) -> int:
    """Return the number of the last row that is older than is kept; 0 if there is none.

    Args:
        connection: The store.
        table: `errors`, `api_calls` or `artifacts`, of which only traces count.
        keep: The amount that is kept.
    """
    if isinstance(keep, timedelta):
        return _before_time(connection, table, ago(keep.total_seconds()))
    return _before_newest(connection, table, keep)


def _before_newest(connection: sqlite3.Connection, table: str, rows: int) -> int:
    where = "WHERE role = 'trace'" if table == "artifacts" else ""
    sql = f"SELECT id FROM {table} {where} ORDER BY id DESC LIMIT 1 OFFSET ?"  # noqa: S608
    row = connection.execute(sql, (rows,)).fetchone()
    return 0 if row is None else int(row[0])


def _before_time(connection: sqlite3.Connection, table: str, moment: str) -> int:
    """Search the last row before a time by halves: rows are numbered as they come."""
    sql = f"SELECT id, {_TIMES[table]} FROM {table} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608
    low, high = 0, connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0  # noqa: S608
    while low < high:
        middle = (low + high + 1) // 2
        row = connection.execute(sql, (middle,)).fetchone()
        if row is not None and row[1] < moment:
            low = max(middle, int(row[0]))
        else:
            high = middle - 1
    return int(low)


_SIZE = "length(message) + length(remedy) + length(traceback) + 100"

_ERRORS = f"""
SELECT e.id, {_SIZE} AS size, length(traceback) AS details,
  e.job_id IS NULL OR EXISTS (SELECT 1 FROM steps WHERE id = e.step_id AND error_id = e.id)
    OR EXISTS (SELECT 1 FROM jobs WHERE id = e.job_id AND error_id = e.id) AS needed
FROM errors e WHERE e.id > ? AND e.id <= ? ORDER BY e.id LIMIT ?
"""  # noqa: S608 - our own words


def old_errors(connection: sqlite3.Connection, after: int, last: int, at_most: int) -> Slice:
    """Find errors; one that a step or a job has ended with only loses its traceback."""
    rows = connection.execute(_ERRORS, (after, last, at_most)).fetchall()
    return Slice(
        [
            OldRow(row["id"], row["details"] if row["needed"] else row["size"], not row["needed"])
            for row in rows
            if not row["needed"] or row["details"]
        ],
        rows[-1]["id"] if rows else None,
    )


_CALLS = """
SELECT c.id, length(c.backend) + length(c.model) + coalesce(length(c.error), 0) + 150 AS size,
  s.state IN ('done', 'failed') AS ended
FROM api_calls c JOIN steps s ON s.id = c.step_id
WHERE c.id > ? AND c.id <= ? ORDER BY c.id LIMIT ?
"""


def old_calls(connection: sqlite3.Connection, after: int, last: int, at_most: int) -> Slice:
    """Find calls of steps that have ended; their number and tokens stay with the steps."""
    rows = connection.execute(_CALLS, (after, last, at_most)).fetchall()
    return Slice(
        [OldRow(row["id"], row["size"]) for row in rows if row["ended"]],
        rows[-1]["id"] if rows else None,
    )


_TRACES = """
SELECT id, size FROM artifacts WHERE role = 'trace' AND id > ? AND id <= ? ORDER BY id LIMIT ?
"""


def old_traces(connection: sqlite3.Connection, after: int, last: int, at_most: int) -> Slice:
    """Find traces: requests and replies of steps."""
    rows = connection.execute(_TRACES, (after, last, at_most)).fetchall()
    return Slice([OldRow(row[0], row[1]) for row in rows], rows[-1][0] if rows else None)


KINDS: dict[str, tuple[str, Find]] = {
    "errors": ("errors", old_errors),
    "calls": ("api_calls", old_calls),
    "traces": ("artifacts", old_traces),
}
"""Kinds of history that can be bounded, by their name in settings: the table, and what finds it."""
