"""Finished work from elsewhere: written as if done here, with its own times and costs.

Everything goes into a batch that is still in preparation, so that no engine claims it.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from db.clock import now
from db.writes.batches import NewJob, add_jobs
from db.writes.errors import ErrorRecord, record_error
from db.writes.events import record_event
from db.writes.records import add_prompt


@dataclass(frozen=True, slots=True)
class DoneStep:
    """A step that was done elsewhere; its columns hold JSON, times are in UTC.

    Attributes:
        artifact: The file it left behind, as the columns of `artifacts`.
        score: The score it gave, as the columns of `scores`.
        critique: Its critique: text, missing (a list), measurements (a mapping).
        kind: Kind of the result.
    """

    scope: str
    name: str
    backend: str
    model: str
    request: str
    result: str
    started_at: str
    finished_at: str | None
    cost: int = 0
    artifact: Mapping[str, Any] | None = None
    score: Mapping[str, Any] | None = None
    critique: Mapping[str, Any] | None = None
    kind: str = "data"


@dataclass(frozen=True, slots=True)
class DoneJob:
    """A job that ended elsewhere.

    Attributes:
        new: The job as it was queued.
        state: `done`, `failed` or `cancelled`.
        steps: Its steps in their order.
        prompts: The versions of its prompt after the first: text, negative, author, reason.
        result: Its result as JSON, if it is done.
        score: Its headline score.
        iterations: The number of its last iteration.
        cost: Its cost in micro-dollars.
        error: The reason why it failed.
    """

    new: NewJob
    state: str
    steps: Sequence[DoneStep] = ()
    prompts: Sequence[Mapping[str, Any]] = ()
    result: str | None = None
    score: float | None = None
    iterations: int = 0
    cost: int = 0
    error: ErrorRecord | None = None


def add_done_jobs(connection: sqlite3.Connection, batch_id: int, jobs: Sequence[DoneJob]) -> None:
    """Add a chunk of ended jobs to a batch in preparation."""
    last = add_jobs(connection, batch_id, [job.new for job in jobs])
    for position, job in enumerate(jobs, last - len(jobs) + 1):
        sql = "SELECT id FROM jobs WHERE batch_id = ? AND position = ?"
        job_id = int(connection.execute(sql, (batch_id, position)).fetchone()[0])
        for step in job.steps:
            _add_step(connection, batch_id, job_id, step)
        for prompt in job.prompts:
            add_prompt(connection, job_id, None, prompt)
        _end(connection, batch_id, job_id, job)


def _end(connection: sqlite3.Connection, batch_id: int, job_id: int, job: DoneJob) -> None:
    error_id = record_error(connection, job.error, batch_id, job_id) if job.error else None
    begun = min((step.started_at for step in job.steps), default=None)
    ended = max((step.finished_at for step in job.steps if step.finished_at), default=now())
    connection.execute(
        """UPDATE jobs SET state = ?, iterations = ?, score = ?, cost = ?, starts = 1, result = ?,
           error_id = ?, started_at = ?, finished_at = ? WHERE id = ?""",
        (
            job.state,
            job.iterations,
            job.score,
            job.cost,
            job.result,
            error_id,
            begun,
            ended,
            job_id,
        ),
    )
    connection.execute("UPDATE batches SET cost = cost + ? WHERE id = ?", (job.cost, batch_id))


def _add_step(connection: sqlite3.Connection, batch_id: int, job_id: int, step: DoneStep) -> None:
    cursor = connection.execute(
        """INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation,
           backend, model, request, result, kind, cost, started_at, finished_at)
           VALUES (?, ?, ?, ?, ?, 'imported', 'done', ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            batch_id,
            job_id,
            f"{step.scope}/{step.name}",
            step.scope,
            step.name,
            step.name,
            step.backend,
            step.model,
            step.request,
            step.result,
            step.kind,
            step.cost,
            step.started_at,
            step.finished_at,
        ),
    )
    belongs = {"batch": batch_id, "job": job_id, "step": cursor.lastrowid, "at": now()}
    if step.artifact is not None:
        connection.execute(
            """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size,
               width, height, kind, created_at) VALUES (:batch, :job, :step, 'result', :hash,
               :media_type, :size, :width, :height, :kind, :at)""",
            {**step.artifact, **belongs},
        )
    if step.score is not None:
        connection.execute(
            """INSERT INTO scores (job_id, step_id, metric, value, raw, scorer)
               VALUES (:job, :step, :metric, :value, :raw, :scorer)""",
            {**step.score, **belongs},
        )
    if step.critique is not None:
        lists = {name: json.dumps(step.critique[name]) for name in ("missing", "measurements")}
        connection.execute(
            """INSERT INTO critiques (job_id, step_id, text, missing, measurements)
               VALUES (:job, :step, :text, :missing, :measurements)""",
            {**step.critique, **lists, **belongs},
        )


def seal_import(connection: sqlite3.Connection, batch_id: int) -> None:
    """Mark an imported batch as ended."""
    at = now()
    connection.execute(
        """UPDATE batches SET preparing = 0, preparer = NULL, finish = 'done', started_at = ?,
           finished_at = ? WHERE id = ? AND preparing""",
        (at, at, batch_id),
    )
    record_event(connection, "batch.imported", batch_id=batch_id)
