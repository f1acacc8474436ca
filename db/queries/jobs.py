"""Queries for jobs, and all that belongs to one of them."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from db.rows import (
    ApiCallRow,
    ArtifactRow,
    CritiqueRow,
    DecisionRow,
    ErrorRow,
    IterationRow,
    JobRow,
    ProgressRow,
    PromptRow,
    Row,
    ScoreRow,
    StepRow,
)

RowT = TypeVar("RowT", bound=Row)


def job(connection: sqlite3.Connection, job_id: int) -> JobRow | None:
    """Return one job."""
    row = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return JobRow.of(row) if row else None


def job_by_key(connection: sqlite3.Connection, batch_id: int, key: str) -> JobRow | None:
    """Return the job of a batch that has a key."""
    sql = "SELECT * FROM jobs WHERE batch_id = ? AND key = ?"
    row = connection.execute(sql, (batch_id, key)).fetchone()
    return JobRow.of(row) if row else None


def jobs_page(
    connection: sqlite3.Connection,
    batch_id: int,
    *,
    after: int = 0,
    limit: int = 200,
    state: str | None = None,
) -> list[JobRow]:
    """Return a page of a batch's jobs in the order of the input, after position `after`."""
    where, values = ("AND state = ?", (state,)) if state else ("", ())
    sql = f"""SELECT * FROM jobs WHERE batch_id = ? {where} AND position > ?
              ORDER BY position LIMIT ?"""  # noqa: S608 - a fixed condition
    return [JobRow.of(row) for row in connection.execute(sql, (batch_id, *values, after, limit))]


def all_jobs(
    connection: sqlite3.Connection, batch_id: int, state: str | None = None
) -> Iterator[JobRow]:
    """Yield all jobs of a batch in the order of the input, read a page at a time."""
    after = 0
    while page := jobs_page(connection, batch_id, after=after, limit=1000, state=state):
        yield from page
        after = page[-1].position


def first_ended(connection: sqlite3.Connection, batch_id: int, count: int) -> list[JobRow]:
    """Return the jobs of a batch that ended first, in the order of their ends."""
    sql = """SELECT * FROM jobs WHERE batch_id = ? AND state IN ('done', 'failed', 'cancelled')
             ORDER BY finished_at, id LIMIT ?"""
    return [JobRow.of(row) for row in connection.execute(sql, (batch_id, count))]


def place_taken(connection: sqlite3.Connection, place: str) -> bool:
    """Return True if an output folder belongs to a job, or contains folders of jobs."""
    if place_is_jobs(connection, place):
        return True
    sql = "SELECT 1 FROM jobs WHERE place > ? AND place < ? LIMIT 1"
    return connection.execute(sql, (f"{place}/", f"{place}0")).fetchone() is not None


def place_is_jobs(connection: sqlite3.Connection, place: str) -> bool:
    """Return True if an output folder belongs to a job."""
    sql = "SELECT 1 FROM jobs WHERE place = ?"
    return connection.execute(sql, (place,)).fetchone() is not None


def _of_job(
    connection: sqlite3.Connection, kind: type[RowT], table: str, job_id: int
) -> list[RowT]:
    sql = f"SELECT * FROM {table} WHERE job_id = ? ORDER BY rowid"  # noqa: S608 - our own names
    return [kind.of(row) for row in connection.execute(sql, (job_id,))]


def steps(connection: sqlite3.Connection, job_id: int) -> list[StepRow]:
    """Return all steps of a job, superseded ones too, oldest first."""
    return _of_job(connection, StepRow, "steps", job_id)


def current_steps(connection: sqlite3.Connection, job_id: int) -> dict[tuple[str, str], StepRow]:
    """Return the steps of a job that still count, by scope and name without its fallback.

    Of several ways to one result, the first that is done counts, else the newest.
    """
    current: dict[tuple[str, str], StepRow] = {}
    for step in steps(connection, job_id):
        place = step.scope, step.name.partition("@")[0]
        known = current.get(place)
        if step.superseded_at is None and (known is None or known.state != "done"):
            current[place] = step
    return current


def artifacts(connection: sqlite3.Connection, job_id: int) -> list[ArtifactRow]:
    """Return all files of a job."""
    return _of_job(connection, ArtifactRow, "artifacts", job_id)


def scores(connection: sqlite3.Connection, job_id: int) -> list[ScoreRow]:
    """Return all scores of a job."""
    return _of_job(connection, ScoreRow, "scores", job_id)


def critiques(connection: sqlite3.Connection, job_id: int) -> list[CritiqueRow]:
    """Return all critiques of a job."""
    return _of_job(connection, CritiqueRow, "critiques", job_id)


def prompts(connection: sqlite3.Connection, job_id: int) -> list[PromptRow]:
    """Return all versions of a job's prompt, oldest first."""
    return _of_job(connection, PromptRow, "prompts", job_id)


def errors(connection: sqlite3.Connection, job_id: int) -> list[ErrorRow]:
    """Return all errors of a job, oldest first."""
    return _of_job(connection, ErrorRow, "errors", job_id)


def api_calls(connection: sqlite3.Connection, job_id: int) -> list[ApiCallRow]:
    """Return all requests to providers of a job."""
    return _of_job(connection, ApiCallRow, "api_calls", job_id)


def progress(connection: sqlite3.Connection, job_id: int) -> list[ProgressRow]:
    """Return the progress of a job's running steps."""
    sql = "SELECT * FROM progress WHERE job_id = ?"
    return [ProgressRow.of(row) for row in connection.execute(sql, (job_id,))]


def iterations(connection: sqlite3.Connection, job_id: int) -> list[IterationRow]:
    """Return the iterations of a job's loops, loop by loop, in the order of their numbers."""
    sql = """SELECT * FROM iterations WHERE job_id = ?
             ORDER BY substr(scope, 1, instr(scope, 'iteration-')), number, scope"""
    return [IterationRow.of(row) for row in connection.execute(sql, (job_id,))]


def error(connection: sqlite3.Connection, error_id: int) -> ErrorRow | None:
    """Return one error."""
    row = connection.execute("SELECT * FROM errors WHERE id = ?", (error_id,)).fetchone()
    return ErrorRow.of(row) if row else None


def error_messages(connection: sqlite3.Connection, batch_id: int) -> dict[int, str]:
    """Return the message of each failed job's error, by job."""
    sql = """SELECT j.id, e.message FROM jobs j JOIN errors e ON e.id = j.error_id
             WHERE j.batch_id = ? AND j.state = 'failed'"""
    return {row[0]: row[1] for row in connection.execute(sql, (batch_id,))}


def decisions(
    connection: sqlite3.Connection, job_ids: Iterable[int]
) -> defaultdict[int, dict[str, list[Any]]]:
    """Return the decisions about some jobs that hold, newest first: by job, then by key."""
    values = defaultdict[int, dict[str, list[Any]]](dict)
    sql = """SELECT job_id, key, value FROM decisions
             WHERE job_id IN (SELECT value FROM json_each(?)) AND undone_at IS NULL
             ORDER BY id DESC"""
    for job_id, key, value in connection.execute(sql, (json.dumps(list(job_ids)),)):
        values[job_id].setdefault(key, []).append(json.loads(value))
    return values


def decision_rows(connection: sqlite3.Connection, job_id: int) -> list[DecisionRow]:
    """Return every decision about a job, earlier ones too, oldest first."""
    return _of_job(connection, DecisionRow, "decisions", job_id)


def newest_decision(
    connection: sqlite3.Connection, job_id: int, key: str = ""
) -> DecisionRow | None:
    """Return the newest decision about a job that holds, of a key if one is given."""
    sql = """SELECT * FROM decisions WHERE job_id = ? AND undone_at IS NULL
             AND (? = '' OR key = ?) ORDER BY id DESC LIMIT 1"""
    row = connection.execute(sql, (job_id, key, key)).fetchone()
    return DecisionRow.of(row) if row else None


def inherited_keys(connection: sqlite3.Connection, job_id: int) -> list[str]:
    """Return the keys of the steps that a branch has kept from the job that it comes from."""
    sql = "SELECT key FROM steps WHERE job_id = ? AND inherited"
    return [row[0] for row in connection.execute(sql, (job_id,))]


def cancelled_in_the_middle(connection: sqlite3.Connection, batch_id: int) -> Iterator[JobRow]:
    """Return the jobs of a batch that were started and then cancelled."""
    sql = "SELECT * FROM jobs WHERE batch_id = ? AND state = 'cancelled' AND starts > 0"
    yield from (JobRow.of(row) for row in connection.execute(sql, (batch_id,)).fetchall())


def step(connection: sqlite3.Connection, step_id: int) -> StepRow | None:
    """Return one step."""
    row = connection.execute("SELECT * FROM steps WHERE id = ?", (step_id,)).fetchone()
    return StepRow.of(row) if row else None


def jobs_by_score(
    connection: sqlite3.Connection,
    batch_id: int,
    *,
    after: tuple[float | None, int] | None = None,
    limit: int = 200,
    state: str | None = None,
    low_first: bool = False,
) -> list[JobRow]:
    """Return a page of a batch's jobs by score, those without one last, equal ones by position.

    Args:
        connection: A reader.
        batch_id: The batch.
        after: Score and position of the last job of the page before.
        limit: Maximum number.
        state: Only jobs in this state.
        low_first: The lowest score first.
    """
    sign, order = (">", "ASC") if low_first else ("<", "DESC")
    score, position = after or (None, -1)
    scored: list[JobRow] = []
    if after is None or score is not None:
        where = f"AND (score {sign} :score OR score = :score AND position > :position)"
        scored = _ranked(
            connection,
            f"score IS NOT NULL {where if after else ''}",
            f"score {order}, position",
            {"batch": batch_id, "score": score, "position": position, "limit": limit},
            state,
        )
        position = -1
    if len(scored) == limit:
        return scored
    left = {"batch": batch_id, "position": position, "limit": limit - len(scored)}
    where = "score IS NULL AND position > :position"
    return scored + _ranked(connection, where, "position", left, state)


def _ranked(
    connection: sqlite3.Connection,
    where: str,
    order: str,
    values: dict[str, Any],
    state: str | None,
) -> list[JobRow]:
    in_state = " AND state = :state" if state else ""
    sql = f"""SELECT * FROM jobs WHERE batch_id = :batch AND {where}{in_state}
              ORDER BY {order} LIMIT :limit"""  # noqa: S608 - fixed conditions
    return [JobRow.of(row) for row in connection.execute(sql, {**values, "state": state})]
