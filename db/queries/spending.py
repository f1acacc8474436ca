"""What was spent, on whom and for what; and how long calls have taken."""

import sqlite3
from dataclasses import dataclass
from statistics import median

from db.rows import Row

_NEWEST = 2000
"""Steps that are looked at to see how long calls take."""


@dataclass(frozen=True, slots=True)
class Spending(Row):
    """What was spent on one model for one purpose.

    Attributes:
        backend: The backend's name.
        model: The model.
        purpose: The step's name in its recipe, for example `generate`.
        steps: Steps that were begun.
        calls: Calls that were made: requests to a provider, and the tries of what costs nothing.
        cost: Micro-dollars.
        reserved: Micro-dollars that are reserved for calls whose outcome is not known yet.
        tokens_in: Tokens read, None where none were counted.
        tokens_out: Tokens written.
    """

    backend: str
    model: str
    purpose: str
    steps: int
    calls: int
    cost: int
    reserved: int
    tokens_in: int | None
    tokens_out: int | None


@dataclass(frozen=True, slots=True)
class Day(Row):
    """What was spent on one day (UTC), in micro-dollars."""

    day: str
    cost: int
    presumed: int


def spending(connection: sqlite3.Connection, batch_id: int | None = None) -> list[Spending]:
    """What was spent, by backend, model and purpose; the most costly first.

    Args:
        connection: A connection to read with.
        batch_id: One batch, None for the whole workspace.
    """
    where, values = ("", ()) if batch_id is None else (" WHERE batch_id = ?", (batch_id,))
    rows = connection.execute(
        f"""SELECT s.*, s.tries + coalesce(c.calls, 0) AS calls, c.tokens_in, c.tokens_out FROM
              (SELECT backend, model, name AS purpose, count(*) AS steps, sum(cost) AS cost,
                      sum(reserved) AS reserved,
                      sum(CASE WHEN reused_from IS NULL AND NOT EXISTS (
                            SELECT 1 FROM api_calls WHERE step_id = steps.id)
                          THEN attempts ELSE 0 END) AS tries
               FROM steps{where} GROUP BY 1, 2, 3) s
            LEFT JOIN
              (SELECT backend, model, purpose, count(*) AS calls, sum(tokens_in) AS tokens_in,
                      sum(tokens_out) AS tokens_out FROM api_calls{where} GROUP BY 1, 2, 3) c
            USING (backend, model, purpose)
            ORDER BY s.cost DESC, backend, model, purpose""",  # noqa: S608 - our own words
        (*values, *values),
    )
    return [Spending.of(row) for row in rows]


def days(connection: sqlite3.Connection) -> list[Day]:
    """What was spent on each day, newest first."""
    return [Day.of(row) for row in connection.execute("SELECT * FROM spending ORDER BY day DESC")]


def seconds_of_calls(connection: sqlite3.Connection, backend: str, model: str) -> float | None:
    """The median time of a model's calls, of those that worked at once not long ago.

    A clock that was set while one of them ran makes that one's time any number.
    """
    rows = connection.execute(
        """SELECT (julianday(finished_at) - julianday(started_at)) * 86400 FROM
             (SELECT * FROM steps ORDER BY id DESC LIMIT ?)
           WHERE backend = ? AND model = ? AND state = 'done' AND attempts = 1""",
        (_NEWEST, backend, model),
    ).fetchall()
    times = [float(row[0]) for row in rows if row[0] is not None]
    return median(times) if times else None
