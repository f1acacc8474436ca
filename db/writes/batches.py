"""Batches: created in chunks, completely or not at all; held, released, finished."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.clock import now
from db.errors import BatchChanged
from db.text import storable
from db.writes.events import record_event
from db.writes.records import add_prompt
from db.writes.webhooks import NewWebhook, add_webhook, delete_webhooks_of


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to be queued; its columns hold JSON."""

    name: str
    recipe: str
    recipe_version: str
    seed: int
    settings: str
    snapshot: str
    outputs: str
    summary: str
    source: str = ""
    priority: int = 0
    in_flight: int | None = None
    preparer: str = ""
    budget: int | None = None
    start: str = "done"
    webhooks: Sequence[NewWebhook] = ()


@dataclass(frozen=True, slots=True)
class NewOrigin:
    """The part of another job that becomes the input of a job.

    Attributes:
        job_id: The other job.
        step_id: The step that produced it; None if it is the job's.
        source: The same as entered, `b1/x:iteration-2`.
        hash: Its file; None if it is a text.
        branch: Scope that the job begins at as a branch of the other; None if it was sent.
    """

    job_id: int
    step_id: int | None
    source: str
    hash: str | None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be queued.

    Attributes:
        key: Its id within the batch.
        input: The validated input as JSON.
        seed: Source of its randomness.
        output: Its folder, relative to the workspace unless outside it.
        place: The same folder in the form that is unique within a store.
        prompt: The initial prompt, kept as the operator's version.
        negative: The operator's negative prompt.
        origin: The part of another job that its input is; None if it came from elsewhere.
        axes: Values by axis as JSON, of a cell of a grid.
        variant: Settings of its own, as `add_variant` returned them.
    """

    key: str
    input: str
    seed: int
    output: str
    place: str
    prompt: str = ""
    negative: str = ""
    origin: NewOrigin | None = None
    axes: str | None = None
    variant: int | None = None


def create_batch(connection: sqlite3.Connection, batch: NewBatch) -> int:
    """Add a batch in state `preparing`, with its webhooks; return its id."""
    cursor = connection.execute(
        """INSERT INTO batches (name, recipe, recipe_version, seed, priority, in_flight, settings,
           snapshot, source, outputs, summary, preparer, budget, start, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            batch.name,
            batch.recipe,
            batch.recipe_version,
            batch.seed,
            batch.priority,
            batch.in_flight,
            batch.settings,
            batch.snapshot,
            batch.source,
            batch.outputs,
            batch.summary,
            batch.preparer,
            batch.budget,
            batch.start,
            now(),
        ),
    )
    batch_id = int(cursor.lastrowid or 0)
    for webhook in batch.webhooks:
        add_webhook(connection, batch_id, webhook.url, webhook.types)
    return batch_id


def add_variant(connection: sqlite3.Connection, batch_id: int, settings: str, snapshot: str) -> int:
    """Add settings and a snapshot of backends for some jobs of a batch; return their number."""
    cursor = connection.execute(
        "INSERT INTO variants (batch_id, settings, snapshot) VALUES (?, ?, ?)",
        (batch_id, settings, snapshot),
    )
    return int(cursor.lastrowid or 0)


def add_jobs(connection: sqlite3.Connection, batch_id: int, jobs: Iterable[NewJob]) -> int:
    """Add a chunk of jobs at the end of a batch; return the number of its last position.

    A batch that had ended is reopened by them.

    Raises:
        BatchChanged: The batch is gone.
        sqlite3.IntegrityError: A key or an output folder is taken.
    """
    row = connection.execute(
        """SELECT (SELECT coalesce(max(position), 0) FROM jobs WHERE batch_id = b.id)
           FROM batches b WHERE b.id = ?""",
        (batch_id,),
    ).fetchone()
    if row is None:
        raise BatchChanged(f"Batch b{batch_id} is no longer there.")
    first = position = int(row[0])
    at = now()
    for job in jobs:
        position += 1
        cursor = connection.execute(
            """INSERT INTO jobs (batch_id, position, key, seed, input, output, place, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (batch_id, position, job.key, job.seed, job.input, job.output, job.place, at),
        )
        if job.axes is not None or job.variant is not None:
            connection.execute(
                "UPDATE jobs SET axes = ?, variant = ? WHERE id = ?",
                (job.axes, job.variant, cursor.lastrowid),
            )
        if job.prompt:
            version = {"text": job.prompt, "negative": job.negative, "author": "operator"}
            add_prompt(connection, cursor.lastrowid, None, {**version, "reason": ""})
        if (origin := job.origin) is not None:
            connection.execute(
                "INSERT INTO lineage (job_id, source_job_id, source_step_id, source, hash, branch) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    cursor.lastrowid,
                    origin.job_id,
                    origin.step_id,
                    origin.source,
                    origin.hash,
                    origin.branch,
                ),
            )
    count = position - first
    connection.execute("UPDATE batches SET queued = queued + ? WHERE id = ?", (count, batch_id))
    reopen_batch(connection, batch_id)
    return position


def seal_batch(connection: sqlite3.Connection, batch_id: int) -> None:
    """Mark a prepared batch as ready to run."""
    cursor = connection.execute(
        "UPDATE batches SET preparing = 0, preparer = NULL WHERE id = ? AND preparing", (batch_id,)
    )
    if not cursor.rowcount:
        raise BatchChanged(f"Batch b{batch_id} is no longer being prepared.")
    record_event(connection, "batch.queued", batch_id=batch_id)


def delete_jobs_of(connection: sqlite3.Connection, batch_id: int, at_most: int = 5000) -> int:
    """Remove a slice of the jobs of a batch in preparation; return their number."""
    return connection.execute(
        """DELETE FROM jobs WHERE id IN (SELECT j.id FROM jobs j JOIN batches b ON b.id = j.batch_id
           WHERE b.id = ? AND b.preparing LIMIT ?)""",
        (batch_id, at_most),
    ).rowcount


def delete_batch(connection: sqlite3.Connection, batch_id: int) -> None:
    """Remove a batch in preparation that has no jobs left."""
    connection.execute("DELETE FROM batches WHERE id = ? AND preparing", (batch_id,))
    if connection.execute("SELECT 1 FROM batches WHERE id = ?", (batch_id,)).fetchone() is None:
        delete_webhooks_of(connection, batch_id)


def reopen_batch(connection: sqlite3.Connection, batch_id: int) -> None:
    """Have a batch's finish run again once its jobs have ended."""
    connection.execute(
        """UPDATE batches SET finish = 'pending', finish_error = NULL, finished_at = NULL
           WHERE id = ?""",
        (batch_id,),
    )


def hold_batch(connection: sqlite3.Connection, batch_id: int, *, held: bool) -> None:
    """Pause a batch as a whole, or resume it."""
    connection.execute("UPDATE batches SET held = ? WHERE id = ?", (int(held), batch_id))


def start_batch(connection: sqlite3.Connection, batch_id: int) -> None:
    """Store the start time of a batch's first job."""
    connection.execute(
        "UPDATE batches SET started_at = ? WHERE id = ? AND started_at IS NULL", (now(), batch_id)
    )


def begin_finish(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Store that a batch's finish has started.

    Returns:
        False if it is not due: it has run, or jobs were reopened meanwhile.
    """
    cursor = connection.execute(
        """UPDATE batches SET finish = 'running' WHERE id = ? AND finish = 'pending'
           AND queued + running + paused + parked = 0""",
        (batch_id,),
    )
    return cursor.rowcount > 0


def end_finish(connection: sqlite3.Connection, batch_id: int, error: str | None) -> None:
    """Store the outcome of a batch's finish, unless jobs were reopened meanwhile."""
    state = "done" if error is None else "failed"
    cursor = connection.execute(
        """UPDATE batches SET finish = ?, finish_error = ?,
           finished_at = max(?, coalesce(started_at, ''))
           WHERE id = ? AND finish = 'running' AND queued + running + paused + parked = 0""",
        (state, None if error is None else storable(error), now(), batch_id),
    )
    if cursor.rowcount:
        record_event(
            connection,
            "batch.done" if error is None else "batch.finish_failed",
            batch_id=batch_id,
            level="info" if error is None else "error",
            message=error or "",
        )
    else:
        connection.execute(
            "UPDATE batches SET finish = 'pending' WHERE id = ? AND finish = 'running'", (batch_id,)
        )
