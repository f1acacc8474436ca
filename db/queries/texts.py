"""Queries for texts that are read whole: errors, reasons, prompts, requests, results, traces."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.rows import ApiCallRow, ArtifactRow, CritiqueRow, ErrorRow, EventRow, PromptRow, Row

MAX_TEXT = 8_000_000
"""Maximum characters of one text."""

MAX_ROWS = 500
"""Maximum rows of one sort; the newest of more."""

MAX_STEPS = 5_000
"""Maximum steps whose texts are read; the newest of more."""


@dataclass(frozen=True, slots=True)
class StepText(Row):
    """Request and result of a step as JSON."""

    id: int
    key: str
    request: str
    result: str


def _of(
    connection: sqlite3.Connection, columns: str, table: str, job_id: int, steps: Sequence[int]
) -> list[sqlite3.Row]:
    """Return the newest rows of a job, or of some of its steps if there are any; newest first."""
    where, values = "job_id = ?", [job_id]
    if steps:
        newest = list(steps[-MAX_STEPS:])
        where += f" AND step_id IN ({', '.join('?' * len(newest))})"
        values += newest
    sql = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY id DESC LIMIT {MAX_ROWS}"  # noqa: S608 - our own names and numbers
    return connection.execute(sql, values).fetchall()


def errors(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int] = ()
) -> list[ErrorRow]:
    """Return the errors of a job or of some of its steps, newest first."""
    return [ErrorRow.of(row) for row in _of(connection, "*", "errors", job_id, steps)]


def critiques(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int] = ()
) -> list[tuple[str, CritiqueRow]]:
    """Return the critiques of a job or of some of its steps with their scopes, newest first."""
    columns = "*, (SELECT scope FROM steps s WHERE s.id = step_id) AS scope"
    rows = _of(connection, columns, "critiques", job_id, steps)
    names = CritiqueRow.__match_args__
    return [(row["scope"] or "", CritiqueRow(*(row[name] for name in names))) for row in rows]


def prompts(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int] = ()
) -> list[PromptRow]:
    """Return the versions of a prompt of a job or of some of its steps, newest first."""
    return [PromptRow.of(row) for row in _of(connection, "*", "prompts", job_id, steps)]


def calls(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int] = ()
) -> list[ApiCallRow]:
    """Return the requests to providers of a job or of some of its steps, newest first."""
    return [ApiCallRow.of(row) for row in _of(connection, "*", "api_calls", job_id, steps)]


def files(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int] = ()
) -> list[ArtifactRow]:
    """Return the files of a job or of some of its steps, newest first."""
    return [ArtifactRow.of(row) for row in _of(connection, "*", "artifacts", job_id, steps)]


def events(connection: sqlite3.Connection, batch_id: int, job_id: int = 0) -> list[EventRow]:
    """Return the newest events of a job or, without one, of a batch; oldest first."""
    where, value = ("job_id = ?", job_id) if job_id else ("batch_id = ?", batch_id)
    sql = f"SELECT * FROM events WHERE {where} ORDER BY id DESC LIMIT {10 * MAX_ROWS}"  # noqa: S608 - our own names and numbers
    return [EventRow.of(row) for row in connection.execute(sql, (value,))][::-1]


def step_text(connection: sqlite3.Connection, step_id: int) -> StepText | None:
    """Return request and result of a step."""
    sql = f"""SELECT id, key, substr(request, 1, {MAX_TEXT}) AS request,
              substr(coalesce(result, ''), 1, {MAX_TEXT}) AS result FROM steps WHERE id = ?"""  # noqa: S608 - our own number
    row = connection.execute(sql, (step_id,)).fetchone()
    return StepText.of(row) if row else None


def failures(connection: sqlite3.Connection, batch_id: int) -> list[tuple[str, str, str, str, str]]:
    """Return failed and parked jobs of a batch: key, state, reason or kind, message, remedy."""
    sql = f"""SELECT j.key, j.state, coalesce(e.kind, j.reason, ''),
              substr(coalesce(e.message, j.message, ''), 1, 20000), coalesce(e.remedy, '')
              FROM jobs j LEFT JOIN errors e ON e.id = j.error_id
              WHERE j.batch_id = ? AND j.state IN ('failed', 'parked')
              ORDER BY j.position LIMIT {10 * MAX_ROWS}"""  # noqa: S608 - our own number
    return [tuple(row) for row in connection.execute(sql, (batch_id,))]
