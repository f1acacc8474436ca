"""Queries for spending by backend, model and purpose, and for the duration of calls."""

import sqlite3
from dataclasses import dataclass
from statistics import median

from db.rows import Row

_NEWEST = 2000
"""Number of steps sampled for the duration of calls."""


@dataclass(frozen=True, slots=True)
class Spending(Row):
    """Spending on one model for one purpose.

    Attributes:
        backend: The backend's name.
        model: The model.
        purpose: The step's name in its recipe, for example `generate`.
        steps: Steps that were started.
        calls: Requests to a provider, and attempts at steps that cost nothing.
        cost: Micro-dollars.
        reserved: Micro-dollars reserved for calls whose outcome is not known yet.
        tokens_in: Tokens read, None if none were counted.
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
    """Spending on one day (UTC), in micro-dollars."""

    day: str
    cost: int
    presumed: int


TRIES = """CASE WHEN kept_calls > 0 THEN kept_calls WHEN reused_from IS NULL AND NOT EXISTS (
  SELECT 1 FROM api_calls WHERE step_id = steps.id) THEN attempts ELSE 0 END"""
"""Calls of a step without rows of their own: those that were removed, or attempts that are free."""

_OF_DELETED = """ UNION ALL SELECT backend, model, purpose, steps, calls, cost, 0, tokens_in,
tokens_out FROM spent_on_deleted"""


def _added(present: str, kept: str) -> str:
    return f"coalesce(c.{present} + s.{kept}, c.{present}, s.{kept})"


def spending(connection: sqlite3.Connection, batch_id: int | None = None) -> list[Spending]:
    """Return the spending by backend, model and purpose; the highest first.

    Args:
        connection: A connection to read with.
        batch_id: One batch, None for the whole workspace, deleted batches included.
    """
    where, values = ("", ()) if batch_id is None else (" WHERE batch_id = ?", (batch_id,))
    present = f"""SELECT backend, model, purpose, s.steps, s.tries + coalesce(c.calls, 0) AS calls,
             s.cost, s.reserved, {_added("tokens_in", "kept_in")} AS tokens_in,
             {_added("tokens_out", "kept_out")} AS tokens_out FROM
              (SELECT backend, model, name AS purpose, count(*) AS steps, sum(cost) AS cost,
                      sum(reserved) AS reserved,
                      sum({TRIES}) AS tries, sum(kept_in) AS kept_in, sum(kept_out) AS kept_out
               FROM steps{where} GROUP BY 1, 2, 3) s
            LEFT JOIN
              (SELECT backend, model, purpose, count(*) AS calls, sum(tokens_in) AS tokens_in,
                      sum(tokens_out) AS tokens_out FROM api_calls{where} GROUP BY 1, 2, 3) c
            USING (backend, model, purpose)"""  # noqa: S608 - our own words
    past = "" if batch_id is not None else _OF_DELETED
    rows = connection.execute(
        f"""SELECT backend, model, purpose, sum(steps) AS steps, sum(calls) AS calls,
            sum(cost) AS cost, sum(reserved) AS reserved, sum(tokens_in) AS tokens_in,
            sum(tokens_out) AS tokens_out FROM ({present}{past}) GROUP BY 1, 2, 3
            ORDER BY 6 DESC, 1, 2, 3""",  # noqa: S608 - our own words
        (*values, *values),
    )
    return [Spending.of(row) for row in rows]


def days(connection: sqlite3.Connection) -> list[Day]:
    """Return the spending on each day, newest first."""
    return [Day.of(row) for row in connection.execute("SELECT * FROM spending ORDER BY day DESC")]


def seconds_of_calls(connection: sqlite3.Connection, backend: str, model: str) -> float | None:
    """Return the median duration of a model's recent calls that worked at the first attempt.

    Setting the clock while a call runs makes its duration meaningless.
    """
    rows = connection.execute(
        """SELECT (julianday(finished_at) - julianday(started_at)) * 86400 FROM
             (SELECT * FROM steps ORDER BY id DESC LIMIT ?)
           WHERE backend = ? AND model = ? AND state = 'done' AND attempts = 1""",
        (_NEWEST, backend, model),
    ).fetchall()
    times = [float(row[0]) for row in rows if row[0] is not None]
    return median(times) if times else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Figures of equal stretches of time, the oldest first.

    Attributes:
        seconds: Length of one stretch.
        cost: Micro-dollars of the steps that ended in each.
        jobs: Jobs that ended in each.
        scores: The mean of their scores; None without any.
    """

    seconds: float
    cost: tuple[int, ...]
    jobs: tuple[int, ...]
    scores: tuple[float | None, ...]


def timeline(
    connection: sqlite3.Connection, batch_id: int | None = None, stretches: int = 120
) -> Timeline | None:
    """Return costs, ended jobs and scores from the first ended job to the last; None without any.

    Args:
        connection: A connection to read with.
        batch_id: One batch, None for the whole workspace.
        stretches: Number of stretches.
    """
    where, values = ("", ()) if batch_id is None else (" AND batch_id = ?", (batch_id,))
    first, last = connection.execute(
        f"""SELECT unixepoch(min(coalesce(started_at, finished_at))), unixepoch(max(finished_at))
            FROM jobs WHERE finished_at IS NOT NULL{where}""",  # noqa: S608 - our own words
        values,
    ).fetchone()
    if first is None or last is None:
        return None
    span = max(1, last - first)
    at = f"min({stretches - 1}, max(0, (unixepoch(finished_at) - {first}) * {stretches} / {span}))"
    ended = connection.execute(
        f"""SELECT {at}, count(*), avg(score) FROM jobs
            WHERE finished_at IS NOT NULL{where} GROUP BY 1""",  # noqa: S608 - our own words
        values,
    ).fetchall()
    costs = connection.execute(
        f"""SELECT {at}, sum(cost) FROM steps
            WHERE cost > 0 AND finished_at IS NOT NULL{where} GROUP BY 1""",  # noqa: S608
        values,
    ).fetchall()
    jobs, scores = {row[0]: row[1] for row in ended}, {row[0]: row[2] for row in ended}
    cost = {row[0]: row[1] for row in costs}
    every = range(stretches)
    return Timeline(
        span / stretches,
        tuple(cost.get(index, 0) for index in every),
        tuple(jobs.get(index, 0) for index in every),
        tuple(scores.get(index) for index in every),
    )
