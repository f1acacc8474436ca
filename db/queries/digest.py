"""Queries that describe a whole batch at a bounded cost, however many jobs it has."""

import sqlite3
from dataclasses import dataclass

from db.rows import Row

SAMPLE = 2_000
"""Maximum number of jobs that are read whose causes are grouped: the first that failed."""

SPACED = 1_000
"""Maximum number of jobs that are read for scores and spending: evenly spaced ones."""

CAUSE_LENGTH = 300
"""Maximum characters of a cause that are read."""


@dataclass(frozen=True, slots=True)
class SampledJob(Row):
    """Score and cost of one job in micro-dollars, and the time of its end."""

    score: float | None
    cost: int
    finished_at: str | None


def sampled_jobs(connection: sqlite3.Connection, batch_id: int, total: int) -> list[SampledJob]:
    """Return every job of a batch, or `SPACED` evenly spaced ones, in the order of the input.

    Args:
        connection: A reader.
        batch_id: The batch.
        total: Number of its jobs.
    """
    step = max(1.0, total / SPACED)
    sql = """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)
             SELECT score, cost, finished_at FROM n JOIN jobs
               ON batch_id = :batch AND position = CAST(i * :step AS INTEGER) + 1"""
    values = {"batch": batch_id, "count": min(total, SPACED), "step": step}
    return [SampledJob.of(row) for row in connection.execute(sql, values)]


@dataclass(frozen=True, slots=True)
class StuckJob(Row):
    """A failed or parked job: its error's message, or why it waits."""

    id: int
    state: str
    reason: str | None
    message: str


def stuck_jobs(connection: sqlite3.Connection, batch_id: int) -> list[StuckJob]:
    """Return the first failed jobs of a batch, then the first parked, at most `SAMPLE` each."""
    sql = f"""SELECT j.id, j.state, j.reason,
                substr(coalesce(e.message, j.message, ''), 1, {CAUSE_LENGTH}) AS message
              FROM jobs j LEFT JOIN errors e ON e.id = j.error_id
              WHERE j.batch_id = ? AND j.state = ? ORDER BY j.position LIMIT {SAMPLE}"""  # noqa: S608
    rows = (connection.execute(sql, (batch_id, state)) for state in ("failed", "parked"))
    return [StuckJob.of(row) for of_state in rows for row in of_state]


def best_jobs(
    connection: sqlite3.Connection, batch_id: int, count: int, *, higher_is_better: bool = True
) -> list[int]:
    """Return ids of the best jobs of a batch; of the newest with results if none is scored."""
    order = "DESC" if higher_is_better else "ASC"
    arm = f"""SELECT * FROM (SELECT id, score, position FROM jobs
              WHERE batch_id = :batch AND (state = 'failed') = %d AND score IS NOT NULL
              ORDER BY score {order}, position {order} LIMIT :count)"""  # noqa: S608
    sql = f"{arm % 0} UNION ALL {arm % 1} ORDER BY score {order}, position {order} LIMIT :count"
    values = {"batch": batch_id, "count": count}
    if ids := [row[0] for row in connection.execute(sql, values)]:
        return ids
    sql = """SELECT id FROM jobs WHERE batch_id = ? AND state = 'done'
             ORDER BY position DESC LIMIT ?"""
    return [row[0] for row in connection.execute(sql, (batch_id, count))]


def batch_settings(connection: sqlite3.Connection, batch_id: int, limit: int = 100_000) -> str:
    """Return the settings of a batch as JSON; empty if they are too long."""
    sql = """SELECT CASE WHEN length(settings) <= ? THEN settings ELSE '' END
             FROM batches WHERE id = ?"""
    row = connection.execute(sql, (limit, batch_id)).fetchone()
    return str(row[0]) if row else ""
