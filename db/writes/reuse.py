"""Reuse: answering a step with the result of another job's step of the same fingerprint."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from db.clock import now
from db.writes.events import record_event
from db.writes.records import Intent, add_prompt
from db.writes.steps import begin_step, note_iteration


@dataclass(frozen=True, slots=True)
class ReusableStep:
    """A finished step whose result answers a request.

    Attributes:
        id: The step.
        result: Its result as JSON.
        saved: Cost of repeating the call, in micro-dollars.
        hashes: The stored files that it produced.
    """

    id: int
    result: str
    saved: int
    hashes: Sequence[str]


_FIND = """
SELECT id, result, cost + saved AS saved FROM steps
WHERE fingerprint = ? AND state = 'done' AND reusable AND (? IS NULL OR job_id = ?)
ORDER BY id DESC LIMIT 1
"""


def find_reusable(
    connection: sqlite3.Connection, fingerprint: str, job_id: int | None = None
) -> ReusableStep | None:
    """Return the newest finished step of a fingerprint.

    Args:
        connection: A connection to the store.
        fingerprint: The request's.
        job_id: Only of this job; None for all of the workspace.
    """
    row = connection.execute(_FIND, (fingerprint, job_id, job_id)).fetchone()
    if row is None:
        return None
    named = connection.execute(_FILES, (row["id"],))
    return ReusableStep(
        row["id"], row["result"], row["saved"], [artifact["hash"] for artifact in named]
    )


_FILES = "SELECT hash FROM artifacts WHERE step_id = ? AND role != 'trace'"

_COPIES = (
    """INSERT INTO artifacts (batch_id, job_id, step_id, role, hash, media_type, size, width,
         height, kind, facts, created_at)
       SELECT :batch, :job, :step, role, hash, media_type, size, width, height, kind, facts, :at
       FROM artifacts WHERE step_id = :source AND role != 'trace' ORDER BY id""",
    """INSERT INTO scores (job_id, step_id, metric, value, raw, scorer, image)
       SELECT :job, :step, metric, value, raw, scorer, image
       FROM scores WHERE step_id = :source ORDER BY id""",
    """INSERT INTO critiques (job_id, step_id, text, missing, measurements)
       SELECT :job, :step, text, missing, measurements
       FROM critiques WHERE step_id = :source ORDER BY id""",
)


def copy_rows(
    connection: sqlite3.Connection, source: int, step_id: int, batch_id: int, job_id: int | None
) -> None:
    """Copy files, scores, critiques and prompts of a finished step to another one."""
    names = {"batch": batch_id, "job": job_id, "step": step_id, "at": now(), "source": source}
    for copy in _COPIES:
        connection.execute(copy, names)
    written = "SELECT text, negative, author, reason FROM prompts WHERE step_id = ? ORDER BY id"
    for prompt in connection.execute(written, (source,)).fetchall():
        add_prompt(connection, job_id, step_id, prompt)


def reuse_step(
    connection: sqlite3.Connection,
    intent: Intent,
    earlier: ReusableStep,
    *,
    headline: float | None,
    iterations: int,
) -> int:
    """Write a step that is done already, with copies of all rows of its result.

    Args:
        connection: An open transaction's connection.
        intent: The requested call.
        earlier: The step that answers it.
        headline: The job's headline score, if this step gives it.
        iterations: The number of the iteration that the step belongs to, 0 if it is not in one.

    Returns:
        The new step's id; 0 if the reused step no longer exists.
    """
    still = "SELECT 1 FROM steps WHERE id = ? AND state = 'done' AND result IS NOT NULL"
    if connection.execute(still, (earlier.id,)).fetchone() is None:
        return 0
    step_id, at = begin_step(connection, intent), now()
    connection.execute(
        """UPDATE steps SET state = 'done', result = ?, attempts = 0, reused_from = ?, saved = ?,
           finished_at = max(?, started_at) WHERE id = ?""",
        (earlier.result, earlier.id, earlier.saved, at, step_id),
    )
    batch_id, job_id = intent.batch_id, intent.job_id
    copy_rows(connection, earlier.id, step_id, batch_id, job_id)
    note_iteration(connection, job_id, headline, iterations)
    record_event(
        connection,
        "step.done",
        batch_id=batch_id,
        job_id=job_id,
        step_id=step_id,
        message=f"{intent.key}: reused",
        data={"reused_from": earlier.id, "saved_microdollars": earlier.saved},
    )
    return step_id
