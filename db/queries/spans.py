"""Queries for spans: what has ended, by number or by row, with all that a span shows."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from db.rows import ApiCallRow, Row, ScoreRow

SPAN_EVENTS = (
    "step.done", "step.failed", "step.rejected", "job.done", "job.failed", "job.cancelled",
    "batch.done", "batch.finish_failed",
)  # fmt: skip
"""Types of events after which something has ended."""

ENDED = "('done', 'failed')"


@dataclass(frozen=True, slots=True)
class SpanBatch(Row):
    """A batch that has ended."""

    id: int
    recipe: str
    state: str
    cost: int
    created_at: str
    started_at: str | None
    finished_at: str


@dataclass(frozen=True, slots=True)
class SpanJob(Row):
    """A job that has ended, with its batch."""

    id: int
    batch_id: int
    key: str
    state: str
    cost: int
    starts: int
    score: float | None
    created_at: str
    started_at: str | None
    finished_at: str
    recipe: str
    batch_created_at: str
    error_type: str | None


@dataclass(frozen=True, slots=True)
class SpanStep(Row):
    """A step that has ended, with its job and batch.

    Attributes:
        seed: Seed of its request as JSON; None without one.
        request: Its request as JSON, if it is asked for; else empty.
        result: Its result as JSON, likewise.
        waited: Seconds that it has waited for its lane.
        lane: The lane, if it has.
        device: Device of the model host that has worked on it.
    """

    id: int
    batch_id: int
    job_id: int | None
    key: str
    scope: str
    name: str
    fingerprint: str
    state: str
    operation: str
    backend: str
    model: str
    request_id: str | None
    attempts: int
    cost: int
    started_at: str
    finished_at: str
    reused_from: int | None
    kept_calls: int
    kept_in: int | None
    kept_out: int | None
    waited: float | None
    lane: str | None
    device: str | None
    seed: int | str | None
    request: str
    result: str
    recipe: str
    batch_created_at: str
    job_started_at: str | None
    job_created_at: str | None
    error_type: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """Some things that have ended, of one read.

    Attributes:
        steps: Steps.
        jobs: Jobs.
        batches: Batches.
        calls: Calls of the steps, by step.
        scores: Scores of the steps, by step.
    """

    steps: Sequence[SpanStep] = ()
    jobs: Sequence[SpanJob] = ()
    batches: Sequence[SpanBatch] = ()
    calls: dict[int, list[ApiCallRow]] = field(default_factory=dict)
    scores: dict[int, list[ScoreRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Period:
    """Limits of what is read.

    Attributes:
        since: Time from which it has ended; empty for any.
        until: Time up to which it has ended; empty for any.
        batch_id: Its batch; None for all.
        content: True to read requests and results too.
    """

    since: str = ""
    until: str = ""
    batch_id: int | None = None
    content: bool = False


MAX_CONTENT = 20_000
"""Characters of a request or a result that are read."""

_STEP = f"""
SELECT s.id, s.batch_id, s.job_id, substr(s.key, 1, 1000) AS key, substr(s.scope, 1, 1000) AS scope,
  s.name, s.fingerprint, s.state, s.operation, s.backend, s.model, s.request_id, s.attempts, s.cost,
  s.started_at, s.finished_at, s.reused_from, s.kept_calls, s.kept_in, s.kept_out, s.waited,
  s.lane, s.device,
  CASE WHEN json_valid(s.request) THEN json_extract(s.request, '$.seed') END AS seed,
  CASE WHEN :content THEN substr(s.request, 1, {MAX_CONTENT}) ELSE '' END AS request,
  CASE WHEN :content THEN coalesce(substr(s.result, 1, {MAX_CONTENT}), '') ELSE '' END AS result,
  b.recipe, b.created_at AS batch_created_at, j.started_at AS job_started_at,
  j.created_at AS job_created_at, e.type AS error_type
FROM steps s JOIN batches b ON b.id = s.batch_id LEFT JOIN jobs j ON j.id = s.job_id
LEFT JOIN errors e ON e.id = s.error_id
WHERE s.state IN {ENDED} AND s.finished_at IS NOT NULL AND s.fingerprint <> 'imported'
"""  # noqa: S608 - our own words

_JOB = """
SELECT j.id, j.batch_id, substr(j.key, 1, 1000) AS key, j.state, j.cost, j.starts, j.score,
  j.created_at, j.started_at, j.finished_at, b.recipe, b.created_at AS batch_created_at,
  e.type AS error_type
FROM jobs j JOIN batches b ON b.id = j.batch_id LEFT JOIN errors e ON e.id = j.error_id
WHERE j.state IN ('done', 'failed', 'cancelled') AND j.finished_at IS NOT NULL
"""

_BATCH = """
SELECT id, recipe, state, cost, created_at, started_at, finished_at FROM batches x
WHERE state IN ('done', 'done_with_failures', 'cancelled') AND finished_at IS NOT NULL
"""

_PAGE = {"steps": (_STEP, "s", "s.batch_id"), "jobs": (_JOB, "j", "j.batch_id"),
         "batches": (_BATCH, "x", "x.id")}  # fmt: skip

TABLES = ("steps", "jobs", "batches")
"""Tables in the order in which they are read."""


def ended_after(
    connection: sqlite3.Connection, table: str, after: int, period: Period, at_most: int
) -> tuple[Ended, int]:
    """Return what has ended of a table, in the order of its rows.

    Args:
        connection: The store.
        table: One of `TABLES`.
        after: Number of the row to begin after.
        period: Limits of what is read.
        at_most: Maximum number of rows.

    Returns:
        It, and the number of the last row; 0 if there is no more.
    """
    sql, alias, batch = _PAGE[table]
    sql += f" AND {alias}.id > :after"
    sql += f" AND {alias}.finished_at >= :since" if period.since else ""
    sql += f" AND {alias}.finished_at <= :until" if period.until else ""
    sql += f" AND {batch} = :batch" if period.batch_id is not None else ""
    values = {
        "after": after,
        "since": period.since,
        "until": period.until,
        "batch": period.batch_id,
        "content": period.content,
        "limit": at_most,
    }
    rows = connection.execute(f"{sql} ORDER BY {alias}.id LIMIT :limit", values).fetchall()
    return _ended(connection, table, rows), rows[-1]["id"] if rows else 0


def ended_of(
    connection: sqlite3.Connection, table: str, ids: Collection[int], period: Period
) -> Ended:
    """Return what has ended of a table, of some rows; errors and order as in `ended_after`."""
    sql, alias, batch = _PAGE[table]
    sql += f" AND {alias}.id IN (SELECT value FROM json_each(:ids))"  # noqa: S608 - our own names
    sql += f" AND {batch} = :batch" if period.batch_id is not None else ""
    values = {
        "ids": json.dumps(sorted(ids)),
        "batch": period.batch_id,
        "content": period.content,
    }
    rows = connection.execute(f"{sql} ORDER BY {alias}.id", values).fetchall() if ids else []
    return _ended(connection, table, rows)


def _ended(connection: sqlite3.Connection, table: str, rows: list[sqlite3.Row]) -> Ended:
    if table == "batches":
        return Ended(batches=[SpanBatch.of(row) for row in rows])
    if table == "jobs":
        return Ended(jobs=[SpanJob.of(row) for row in rows])
    steps = [SpanStep.of(row) for row in rows]
    ids = json.dumps([step.id for step in steps])
    calls, scores = defaultdict[int, list[ApiCallRow]](list), defaultdict[int, list[ScoreRow]](list)
    of_steps = "WHERE step_id IN (SELECT value FROM json_each(?)) ORDER BY id"
    for row in connection.execute(f"SELECT * FROM api_calls {of_steps}", (ids,)):  # noqa: S608
        calls[row["step_id"]].append(ApiCallRow.of(row))
    for row in connection.execute(f"SELECT * FROM scores {of_steps}", (ids,)):  # noqa: S608
        scores[row["step_id"]].append(ScoreRow.of(row))
    return Ended(steps=steps, calls=calls, scores=scores)


@dataclass(frozen=True, slots=True)
class EndEvents:
    """Rows that events tell the end of.

    Attributes:
        ids: Their numbers, by table.
        last: Number of the last event that was looked at.
        at: Its time.
    """

    ids: dict[str, set[int]]
    last: int
    at: str


def end_events(connection: sqlite3.Connection, after: int, at_most: int) -> EndEvents | None:
    """Return what has ended after an event; None if there is no newer event."""
    rows = connection.execute(
        """SELECT id, at, type, batch_id, job_id, step_id FROM events WHERE id > ?
           ORDER BY id LIMIT ?""",
        (after, at_most),
    ).fetchall()
    if not rows:
        return None
    columns = {"step": "step_id", "job": "job_id", "batch": "batch_id"}
    ids: dict[str, set[int]] = {table: set() for table in TABLES}
    for row in rows:
        if row["type"] in SPAN_EVENTS:
            subject = row["type"].partition(".")[0]
            number = row[columns[subject]]
            if number is not None:
                ids[f"{subject}es" if subject == "batch" else f"{subject}s"].add(number)
    return EndEvents(ids, rows[-1]["id"], rows[-1]["at"])


def newest_event(connection: sqlite3.Connection) -> tuple[int, str]:
    """Return number and time of the newest event; 0 and an empty text if there is none."""
    row = connection.execute("SELECT id, at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    return (0, "") if row is None else (int(row[0]), str(row[1]))
