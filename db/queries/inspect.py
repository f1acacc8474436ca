"""Queries for a job's screen: the tree of its steps, and the details of one part of it.

Texts are cut as they are read, so that a screen costs the same for any job.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.queries.faces import FACE, Faces
from db.rows import (
    ApiCallRow,
    ArtifactRow,
    CritiqueRow,
    DecisionRow,
    ErrorRow,
    PromptRow,
    Row,
    ScoreRow,
)

TEXT_LIMIT = 20_000
WHOLE = 2**31 - 1
"""In place of `TEXT_LIMIT`, for a text that is edited: all of it."""

"""Maximum characters of one text that is shown in full."""

STEP_LIMIT = 5_000
"""Maximum steps of a job in a tree; the newest beyond it are left out."""


@dataclass(frozen=True, slots=True)
class JobGlance(Row):
    """A job's details beside a list; texts cut to some thousand characters."""

    artifact: int | None
    prompt: str | None
    critique: str | None
    error: str | None
    remedy: str | None
    message: str | None


_GLANCE = f"""
SELECT
  {FACE} AS artifact,
  (SELECT substr(p.text, 1, 8000) FROM prompts p WHERE p.job_id = j.id
    AND (p.step_id IS NULL OR NOT j.has_parts) ORDER BY p.id DESC LIMIT 1) AS prompt,
  (SELECT substr(c.text, 1, 8000) FROM critiques c JOIN steps t ON t.id = c.step_id
    WHERE c.job_id = j.id AND t.superseded_at IS NULL AND (t.scope = '' OR NOT j.has_parts)
    ORDER BY c.id DESC LIMIT 1) AS critique,
  (SELECT substr(message, 1, 8000) FROM errors WHERE id = j.error_id) AS error,
  (SELECT substr(remedy, 1, 2000) FROM errors WHERE id = j.error_id) AS remedy,
  substr(CASE WHEN j.state IN ('parked', 'failed') THEN j.message END, 1, 8000) AS message
FROM (SELECT *, EXISTS (SELECT 1 FROM steps WHERE job_id = :job AND scope LIKE '%/%') AS has_parts
      FROM jobs WHERE id = :job) j
"""  # noqa: S608 - our own query


def glance(
    connection: sqlite3.Connection,
    job_id: int,
    metric: str,
    *,
    higher_is_better: bool = True,
    faces: Faces | None = None,
) -> JobGlance | None:
    """Return a job's best file by a metric (the newest if none is scored) and its last critique.

    If the parts of a job are judged separately, such as the scenes of a film, the critique of one
    part is not the job's.
    """
    sign = 1 if higher_is_better else -1
    values = {"sign": sign, "metric": metric, "job": job_id, **(faces or Faces()).values}
    row = connection.execute(_GLANCE, values).fetchone()
    return JobGlance.of(row) if row else None


@dataclass(frozen=True, slots=True)
class StepLine(Row):
    """A step in a tree, without request and result."""

    id: int
    key: str
    scope: str
    name: str
    state: str
    operation: str
    backend: str
    model: str
    attempts: int
    cost: int
    started_at: str
    finished_at: str | None
    fraction: float | None
    kind: str = "data"


_STEPS = f"""
SELECT s.id, substr(s.key, 1, 500) AS key, substr(s.scope, 1, 500) AS scope,
  substr(s.name, 1, 200) AS name, s.state, s.operation, s.backend, s.model, s.attempts, s.cost,
  s.started_at, s.finished_at, p.fraction, substr(s.kind, 1, 40) AS kind
FROM steps s LEFT JOIN progress p ON p.step_id = s.id
WHERE s.job_id = ? AND s.superseded_at IS NULL ORDER BY s.id LIMIT {STEP_LIMIT}
"""  # noqa: S608 - our own number


def step_lines(connection: sqlite3.Connection, job_id: int) -> list[StepLine]:
    """Return the current steps of a job, oldest first."""
    return [StepLine.of(row) for row in connection.execute(_STEPS, (job_id,))]


_VERSION = """j.state, j.stage, j.cost, j.priority, j.message,
  (SELECT max(id) FROM events WHERE job_id = j.id),
  (SELECT max(id) FROM decisions WHERE job_id = j.id),
  (SELECT max(undone_at) FROM decisions WHERE job_id = j.id)"""


def job_version(connection: sqlite3.Connection, job_id: int) -> tuple[object, ...]:
    """Return a value that differs once a job has changed; costs the same for any job."""
    sql = f"""SELECT {_VERSION},
             (SELECT group_concat(step_id || ':' || coalesce(fraction, '') || at) FROM
               (SELECT step_id, fraction, at FROM progress WHERE job_id = j.id LIMIT 50))
             FROM jobs j WHERE j.id = ?"""  # noqa: S608 - our own columns
    row = connection.execute(sql, (job_id,)).fetchone()
    return tuple(row) if row else ()


def job_versions(
    connection: sqlite3.Connection, job_ids: Sequence[int]
) -> dict[int, tuple[object, ...]]:
    """Return values by job that differ once a job has changed; the progress of a step is none."""
    sql = f"""SELECT j.id, {_VERSION} FROM jobs j
              WHERE j.id IN (SELECT value FROM json_each(?))"""  # noqa: S608 - our own columns
    return {row[0]: tuple(row) for row in connection.execute(sql, (json.dumps(list(job_ids)),))}


@dataclass(frozen=True, slots=True)
class ScoreLine(Row):
    """A score, and its image if a step scores several."""

    step_id: int
    metric: str
    value: float
    image: str | None


def scores_given(connection: sqlite3.Connection, job_id: int, limit: int = 5000) -> list[ScoreLine]:
    """Return the newest scores of a job's current steps, oldest first."""
    sql = """SELECT s.step_id, substr(s.metric, 1, 100) AS metric, s.value, s.image
             FROM scores s JOIN steps t ON t.id = s.step_id
             WHERE s.job_id = ? AND t.superseded_at IS NULL ORDER BY s.id DESC LIMIT ?"""
    return [ScoreLine.of(row) for row in connection.execute(sql, (job_id, limit))][::-1]


def prompt_painted(
    connection: sqlite3.Connection,
    steps: Sequence[int],
    faces: Faces | None = None,
    characters: int = TEXT_LIMIT,
) -> str:
    """Return the prompt of the newest of some steps that left a file to show; empty if none has."""
    marks = ", ".join("?" * min(len(steps), 500))
    sql = f"""SELECT CASE WHEN json_valid(request)
                     THEN substr(json_extract(request, '$.prompt'), 1, ?) END
              FROM steps t WHERE id IN ({marks}) AND EXISTS (SELECT 1 FROM artifacts a
                WHERE a.step_id = t.id AND a.kind NOT IN (SELECT value FROM json_each(?)))
              ORDER BY id DESC LIMIT 1"""  # noqa: S608 - marks
    hidden = (faces or Faces()).values["hidden"]
    row = connection.execute(sql, (characters, *steps[-500:], hidden)).fetchone()
    return str(row[0]) if row and row[0] else ""


def prompts_of(
    connection: sqlite3.Connection, job_id: int, limit: int = 200, characters: int = TEXT_LIMIT
) -> list[PromptRow]:
    """Return the newest versions of a job's prompt, oldest first; texts cut."""
    sql = """SELECT id, job_id, step_id, parent_id, substr(text, 1, :characters) AS text,
             substr(negative, 1, :characters) AS negative, substr(author, 1, 200) AS author,
             substr(reason, 1, 2000) AS reason, created_at
             FROM prompts WHERE job_id = :job ORDER BY id DESC LIMIT :limit"""
    values = {"job": job_id, "limit": limit, "characters": characters}
    return [PromptRow.of(row) for row in connection.execute(sql, values)][::-1]


def _of_steps(
    connection: sqlite3.Connection, columns: str, table: str, steps: Sequence[int], limit: int
) -> list[sqlite3.Row]:
    """Return the newest rows of some steps (at most 500 of them), oldest first."""
    marks = ", ".join("?" * min(len(steps), 500))
    sql = f"SELECT {columns} FROM {table} WHERE step_id IN ({marks}) ORDER BY id DESC LIMIT ?"  # noqa: S608
    return connection.execute(sql, (*steps[-500:], limit)).fetchall()[::-1]


def artifacts_of(
    connection: sqlite3.Connection, steps: Sequence[int], limit: int = 50
) -> list[ArtifactRow]:
    """Return the newest files of some steps."""
    return [ArtifactRow.of(row) for row in _of_steps(connection, "*", "artifacts", steps, limit)]


def files_of_kinds(
    connection: sqlite3.Connection, job_id: int, kinds: Sequence[str], without: str
) -> list[ArtifactRow]:
    """Return the newest 200 files of some kinds that a job's current steps left, oldest first.

    Args:
        connection: A connection to read with.
        job_id: The job.
        kinds: Names of kinds.
        without: A role of files that are left out.
    """
    marks = ", ".join("?" * len(kinds))
    sql = f"""SELECT a.* FROM artifacts a JOIN steps s ON s.id = a.step_id
              WHERE s.job_id = ? AND s.state = 'done' AND s.superseded_at IS NULL
              AND a.role != ? AND a.kind IN ({marks}) ORDER BY a.id DESC LIMIT 200"""  # noqa: S608 - marks
    rows = connection.execute(sql, (job_id, without, *kinds)).fetchall()[::-1]
    return [ArtifactRow.of(row) for row in rows]


def scores_of(connection: sqlite3.Connection, steps: Sequence[int]) -> list[ScoreRow]:
    """Return the scores of some steps, at most 100."""
    return [ScoreRow.of(row) for row in _of_steps(connection, "*", "scores", steps, 100)]


def critique_of(connection: sqlite3.Connection, steps: Sequence[int]) -> CritiqueRow | None:
    """Return the newest critique of some steps; its text cut, too long lists left out."""
    columns = f"""id, job_id, step_id, substr(text, 1, {TEXT_LIMIT}) AS text,
      CASE WHEN length(missing) < {TEXT_LIMIT} THEN missing ELSE '[]' END AS missing,
      CASE WHEN length(measurements) < {TEXT_LIMIT} THEN measurements ELSE '{{}}' END
        AS measurements"""
    rows = _of_steps(connection, columns, "critiques", steps, 1)
    return CritiqueRow.of(rows[0]) if rows else None


def errors_of(
    connection: sqlite3.Connection, job_id: int, steps: Sequence[int], *, own: bool
) -> list[ErrorRow]:
    """Return the newest errors of steps, at most 20; with `own` also those of the job itself."""
    columns = f"""id, batch_id, job_id, step_id, kind, type,
      substr(message, 1, {TEXT_LIMIT}) AS message, substr(remedy, 1, 2000) AS remedy,
      substr(traceback, -4000) AS traceback, created_at"""
    rows = _of_steps(connection, columns, "errors", steps, 20)
    if own:
        sql = f"""SELECT {columns} FROM errors WHERE job_id = ? AND step_id IS NULL
                  ORDER BY id DESC LIMIT 20"""  # noqa: S608
        rows += connection.execute(sql, (job_id,)).fetchall()[::-1]
    return [ErrorRow.of(row) for row in rows]


def calls_of(connection: sqlite3.Connection, steps: Sequence[int]) -> list[ApiCallRow]:
    """Return the newest requests to providers of steps, at most 50."""
    return [ApiCallRow.of(row) for row in _of_steps(connection, "*", "api_calls", steps, 50)]


def step_texts(
    connection: sqlite3.Connection, step_id: int, limit: int = TEXT_LIMIT
) -> tuple[str, str]:
    """Return request and result of a step as JSON, cut."""
    sql = """SELECT substr(request, 1, :limit), substr(coalesce(result, ''), 1, :limit)
             FROM steps WHERE id = :step"""
    row = connection.execute(sql, {"limit": limit, "step": step_id}).fetchone()
    return (row[0], row[1]) if row else ("", "")


def job_input(connection: sqlite3.Connection, job_id: int, limit: int = 1_000_000) -> str:
    """Return the input of a job as JSON; cut, and then no JSON any more."""
    sql = "SELECT substr(input, 1, ?) FROM jobs WHERE id = ?"
    row = connection.execute(sql, (limit, job_id)).fetchone()
    return str(row[0]) if row else ""


def decisions_of(connection: sqlite3.Connection, job_id: int) -> list[DecisionRow]:
    """Return the newest decision of each key of a job, oldest first, at most 500; values cut."""
    sql = f"""SELECT id, job_id, substr(key, 1, 500) AS key,
              substr(value, 1, {TEXT_LIMIT}) AS value, substr(author, 1, 200) AS author,
              created_at, undone_at FROM decisions WHERE job_id = ?
              AND id IN (SELECT max(id) FROM decisions WHERE job_id = ? AND undone_at IS NULL
                         GROUP BY key)
              ORDER BY id LIMIT 500"""  # noqa: S608 - our own number
    return [DecisionRow.of(row) for row in connection.execute(sql, (job_id, job_id))]


@dataclass(frozen=True, slots=True)
class LaterSteps(Row):
    """Return finished steps that started after another, and their cost in micro-dollars."""

    steps: int
    cost: int


def following(connection: sqlite3.Connection, job_id: int, step_id: int) -> LaterSteps:
    """Return a job's work since a step; some of it may depend on that step, none before does."""
    sql = """SELECT count(*) AS steps, coalesce(sum(cost), 0) AS cost FROM steps
             WHERE job_id = ? AND id > ? AND state = 'done' AND superseded_at IS NULL"""
    return LaterSteps.of(connection.execute(sql, (job_id, step_id)).fetchone())
