"""Branches: a job that begins with the finished steps of another one."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from db.clock import now
from db.rows import JobRow, StepRow
from db.writes.commands import add_decision
from db.writes.events import record_event
from db.writes.reuse import copy_rows

_COPY = """
INSERT INTO steps (batch_id, job_id, key, scope, name, fingerprint, state, operation, backend,
  model, request, result, error_id, attempts, reusable, reused_from, saved, kind, inherited,
  started_at, finished_at, superseded_at)
SELECT :batch, :job, key, scope, name, fingerprint, state, operation, backend,
  model, request, result, error_id, 0, reusable, id, cost + saved, kind, :kept,
  :at, :at, :superseded
FROM steps WHERE id = :source
"""

_COPY_ERROR = """
INSERT INTO errors (batch_id, job_id, step_id, kind, type, message, remedy, traceback, created_at)
SELECT ?, ?, ?, kind, type, message, remedy, traceback, ? FROM errors WHERE id = ?
"""


@dataclass(frozen=True, slots=True)
class Branch:
    """Steps and decisions that a branch takes over from the job that it comes from.

    Attributes:
        steps: Current steps of that job, oldest first, that are done or failed.
        keeps: Returns True for a key that comes before the place at which the branch begins.
        decisions: Decisions of the branch: key and value, oldest first.
    """

    steps: tuple[StepRow, ...]
    keeps: Callable[[str], bool]
    decisions: tuple[tuple[str, object], ...]

    @property
    def kept(self) -> list[StepRow]:
        """Steps that the branch keeps."""
        return [step for step in self.steps if self.keeps(step.key)]


def begin_branch(connection: sqlite3.Connection, job: JobRow, branch: Branch) -> None:
    """Give a job that was just queued the steps and decisions that it begins with.

    A step that it keeps answers by its key. Any other is there as an earlier version, which answers
    if the job asks for just that. The job counts as started, so that its records are read.
    """
    for step in branch.steps:
        kept = branch.keeps(step.key)
        if kept or step.state == "done":
            _copy(connection, job, step, kept=kept)
    for key, value in branch.decisions:
        add_decision(connection, job.id, key, value, "operator")
    connection.execute(
        """UPDATE jobs SET starts = 1, iterations = (
             SELECT ifnull(max(number), 0) FROM iterations WHERE job_id = jobs.id) WHERE id = ?""",
        (job.id,),
    )
    record_event(connection, "job.branched", batch_id=job.batch_id, job_id=job.id, message=job.key)


def set_seed(connection: sqlite3.Connection, job_id: int, seed: int) -> None:
    """Give a job that has not run the seed of the job that it comes from, or another."""
    connection.execute("UPDATE jobs SET seed = ? WHERE id = ?", (seed, job_id))


def _copy(connection: sqlite3.Connection, job: JobRow, step: StepRow, *, kept: bool) -> None:
    at = now()
    names = {"batch": job.batch_id, "job": job.id, "source": step.id, "kept": int(kept), "at": at}
    cursor = connection.execute(_COPY, {**names, "superseded": None if kept else at})
    step_id = int(cursor.lastrowid or 0)
    copy_rows(connection, step.id, step_id, job.batch_id, job.id)
    if step.error_id is not None:
        values = (job.batch_id, job.id, step_id, at, step.error_id)
        error_id = connection.execute(_COPY_ERROR, values).lastrowid
        connection.execute("UPDATE steps SET error_id = ? WHERE id = ?", (error_id, step_id))


def release_kept(connection: sqlite3.Connection, job_id: int, keys: Iterable[str]) -> None:
    """Have steps that a branch has kept answer by their fingerprint from now on."""
    connection.execute(
        """UPDATE steps SET inherited = 0
           WHERE job_id = ? AND inherited AND key IN (SELECT value FROM json_each(?))""",
        (job_id, json.dumps(list(keys))),
    )
