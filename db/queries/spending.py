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

_SPENDING = """
SELECT backend, model, purpose, sum(steps) AS steps, sum(calls) AS calls, sum(cost) AS cost,
  sum(reserved) AS reserved, sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out FROM (
  SELECT backend, model, purpose, steps, calls, cost, 0 AS reserved, tokens_in, tokens_out
    FROM purpose_totals {where}
  UNION ALL SELECT backend, model, name, 0, 0, 0, reserved, NULL, NULL
    FROM steps WHERE reserved > 0 {and_where}
  {past})
GROUP BY 1, 2, 3 ORDER BY 6 DESC, 1, 2, 3
"""

_OF_DELETED = """UNION ALL SELECT backend, model, purpose, steps, calls, cost, 0, tokens_in,
tokens_out FROM spent_on_deleted"""


def spending(connection: sqlite3.Connection, batch_id: int | None = None) -> list[Spending]:
    """Return the spending by backend, model and purpose; the highest first.

    It reads totals and the steps with a reservation, whatever the number of steps.

    Args:
        connection: A connection to read with.
        batch_id: One batch, None for the whole workspace, deleted batches included.
    """
    if batch_id is None:
        sql, values = _SPENDING.format(where="", and_where="", past=_OF_DELETED), {}
    else:
        one = "batch_id = :batch"
        sql = _SPENDING.format(where=f"WHERE {one}", and_where=f"AND {one}", past="")
        values = {"batch": batch_id}
    return [Spending.of(row) for row in connection.execute(sql, values)]


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
    """Return costs, ended jobs and scores from the first job's start to the last end.

    It reads totals (`db.migrations.m0020_spent`): some thousand at most, each of a second or, in
    longer work, of no more than a 512th of its length.

    Args:
        connection: A connection to read with.
        batch_id: One batch, None for the whole workspace.
        stretches: Number of stretches.

    Returns:
        The figures; None before any job has ended.
    """
    sql = "SELECT * FROM time_totals WHERE batch_id = ? ORDER BY bucket"
    rows = connection.execute(sql, (batch_id or 0,)).fetchall()
    ends = [row["bucket"] for row in rows if row["jobs"]]
    if not ends:
        return None
    width = 1 << rows[0]["shift"]
    first = min(ends[0] * width, _begun(connection, batch_id) or ends[0] * width)
    span = max(1, ends[-1] * width + width - 1 - first)
    cost, jobs, scored, scores = ([0] * stretches for _ in range(4))
    for row in rows:
        middle = row["bucket"] * width + (width - 1) // 2
        at = min(stretches - 1, max(0, (middle - first) * stretches // span))
        cost[at] += row["cost"]
        jobs[at] += row["jobs"]
        scored[at] += row["scored"]
        scores[at] += row["score"]
    mean = [total / count if count else None for total, count in zip(scores, scored, strict=True)]
    return Timeline(span / stretches, tuple(cost), tuple(jobs), tuple(mean))


def _begun(connection: sqlite3.Connection, batch_id: int | None) -> int | None:
    """Return when the first job of a batch, or of all batches, was started; in seconds."""
    where, values = ("", ()) if batch_id is None else ("WHERE id = ?", (batch_id,))
    sql = f"SELECT CAST(strftime('%s', min(started_at)) AS INTEGER) FROM batches {where}"  # noqa: S608
    second: int | None = connection.execute(sql, values).fetchone()[0]
    return second
