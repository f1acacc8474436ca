"""Queries for the queue: running jobs, the order of those that follow, and waiting ones.

Each reads a fixed number of rows per batch, for any number of jobs.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from db.rows import Row

SAMPLE = 200
"""Maximum parked jobs of one batch whose reasons are counted."""


class NextJob(NamedTuple):
    """A queued job; its natural order is the one in which jobs are claimed.

    Attributes:
        rank: Its priority and that of its batch, negated: the lowest is claimed first.
        batch_id: Its batch.
        position: Its position in the batch.
        job_id: The job.
        probes: True if it tests whether a blocked lane works again.
    """

    rank: int
    batch_id: int
    position: int
    job_id: int
    probes: bool


def next_jobs(connection: sqlite3.Connection, count: int, *, limits: bool = True) -> list[NextJob]:
    """Return the next jobs in the order in which an engine claims them.

    The order is priority (the job's plus its batch's), then the age of the batch, then the
    position.

    Args:
        connection: A connection.
        count: Maximum number of jobs.
        limits: True to leave out jobs beyond their batch's maximum of jobs in flight.
    """
    candidates: list[NextJob] = []
    for batch_id, priority, in_flight, running in connection.execute(
        """SELECT id, priority, in_flight, running FROM batches
           WHERE queued > 0 AND NOT preparing AND NOT held AND start = 'done'
           ORDER BY priority DESC, id"""
    ):
        room = count if in_flight is None or not limits else in_flight - running
        candidates.extend(
            NextJob(-(priority + raised), batch_id, position, job_id, lane is not None)
            for raised, position, job_id, lane in connection.execute(
                """SELECT priority, position, id, lane FROM jobs
                   WHERE batch_id = ? AND state = 'queued'
                   ORDER BY priority DESC, position LIMIT ?""",
                (batch_id, max(0, min(room, count))),
            )
        )
    return sorted(candidates)[:count]


def highest_of_others(connection: sqlite3.Connection, batch_id: int) -> int | None:
    """Return the highest priority of a queued job of any other batch; None if there is none."""
    sql = """SELECT max(b.priority + (SELECT priority FROM jobs WHERE batch_id = b.id
               AND state = 'queued' ORDER BY priority DESC, position LIMIT 1)) FROM batches b
             WHERE queued > 0 AND NOT preparing AND NOT held AND start = 'done' AND id <> ?"""
    value = connection.execute(sql, (batch_id,)).fetchone()[0]
    return None if value is None else int(value)


def running_ids(connection: sqlite3.Connection, limit: int) -> list[int]:
    """Return the ids of running jobs, the oldest first."""
    sql = "SELECT id FROM jobs WHERE state = 'running' ORDER BY id LIMIT ?"
    return [row[0] for row in connection.execute(sql, (limit,))]


@dataclass(frozen=True, slots=True)
class CurrentStep(Row):
    """A step in progress, or the last one of a job between two steps (`finished_at` is set)."""

    job_id: int
    key: str
    backend: str
    model: str
    state: str
    attempts: int
    started_at: str
    finished_at: str | None


_STEP = """job_id, substr(key, 1, 300) AS key, substr(backend, 1, 100) AS backend,
substr(model, 1, 100) AS model, state, attempts, started_at, finished_at"""


def current_steps(
    connection: sqlite3.Connection, job_ids: Sequence[int]
) -> dict[int, list[CurrentStep]]:
    """Return the steps in progress of each job, or its last finished one; at most 1 000 jobs."""
    sql = f"""SELECT {_STEP} FROM steps s WHERE s.job_id = ? AND superseded_at IS NULL
              AND (finished_at IS NULL OR id = (SELECT max(id) FROM steps WHERE job_id = s.job_id))
              ORDER BY id"""  # noqa: S608 - our own names
    steps: dict[int, list[CurrentStep]] = {}
    for job_id in job_ids:
        rows = [CurrentStep.of(row) for row in connection.execute(sql, (job_id,))]
        steps[job_id] = [row for row in rows if row.finished_at is None] or rows
    return steps


@dataclass(frozen=True, slots=True)
class QueueBatch(Row):
    """A batch that has not ended, with its counters."""

    id: int
    name: str
    priority: int
    in_flight: int | None
    preparing: int
    held: int
    start: str
    finish: str
    queued: int
    running: int
    paused: int
    parked: int


def unfinished_batches(connection: sqlite3.Connection, limit: int = 500) -> list[QueueBatch]:
    """Return the batches that have not ended, the most urgent first."""
    sql = """SELECT id, substr(name, 1, 300) AS name, priority, in_flight, preparing, held, start,
             finish, queued, running, paused, parked FROM batches
             WHERE queued + running + paused + parked > 0 OR finish = 'parked' OR preparing
             ORDER BY priority DESC, id LIMIT ?"""
    return [QueueBatch.of(row) for row in connection.execute(sql, (limit,))]


@dataclass(frozen=True, slots=True)
class WaitingJobs:
    """Jobs of one batch that wait for the same reason.

    Attributes:
        batch_id: Their batch.
        reason: The reason that they are parked for.
        lane: The lane that they wait for, if any.
        message: The message of the first.
        job_id: The first of them.
        count: Their number; with `more`, among those that were looked at.
        more: True if there are more than were looked at.
    """

    batch_id: int
    reason: str
    lane: str | None
    message: str
    job_id: int
    count: int
    more: bool = False


def waiting_jobs(connection: sqlite3.Connection, batch_id: int) -> list[WaitingJobs]:
    """Return the parked jobs of a batch by their reason, from the first `SAMPLE` of them."""
    sql = """SELECT reason, lane, min(position), id, substr(message, 1, 2000), count(*) FROM
             (SELECT * FROM jobs WHERE batch_id = ? AND state = 'parked'
              ORDER BY position LIMIT ?) GROUP BY reason, lane ORDER BY 3"""
    rows = connection.execute(sql, (batch_id, SAMPLE)).fetchall()
    whole = sum(row[5] for row in rows) < SAMPLE
    return [
        WaitingJobs(batch_id, row[0] or "", row[1], row[4] or "", row[3], row[5], not whole)
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class CallStart(Row):
    """The start of a step's call."""

    id: int
    backend: str
    model: str
    started_at: str


def calls_since(connection: sqlite3.Connection, after: int, limit: int) -> list[CallStart]:
    """Return the newest steps after one, oldest first, without those of no backend and reused ones.

    Args:
        connection: A connection.
        after: Only steps with a greater number than this.
        limit: Maximum number of steps that are looked at, the newest.
    """
    sql = """SELECT id, backend, model, started_at FROM (
               SELECT id, backend, model, started_at, reused_from FROM steps
               WHERE id > ? ORDER BY id DESC LIMIT ?)
             WHERE reused_from IS NULL AND backend NOT IN ('', 'operator') ORDER BY id"""
    return [CallStart.of(row) for row in connection.execute(sql, (after, limit))]


def newest_step(connection: sqlite3.Connection) -> int:
    """Return the number of the newest step, 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM steps").fetchone()[0])


def batch_names(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the names of batches by their id."""
    sql = """SELECT id, substr(name, 1, 300) FROM batches
             WHERE id IN (SELECT value FROM json_each(?))"""
    return {row[0]: row[1] for row in connection.execute(sql, (json.dumps(list(ids)),))}


@dataclass(frozen=True, slots=True)
class EndedJob(Row):
    """The end of a job."""

    at: str
    score: float | None
    cost: int


def ended_since(connection: sqlite3.Connection, after: int, limit: int) -> list[EndedJob]:
    """Return the jobs that ended after an event, oldest first.

    Args:
        connection: A connection.
        after: Only events with a greater number than this.
        limit: Maximum number of events that are looked at, the newest.
    """
    sql = """SELECT e.at, j.score, j.cost FROM (
               SELECT id, at, job_id, type FROM events WHERE id > ? ORDER BY id DESC LIMIT ?) e
             JOIN jobs j ON j.id = e.job_id WHERE e.type IN ('job.done', 'job.failed')
             ORDER BY e.id"""
    return [EndedJob.of(row) for row in connection.execute(sql, (after, limit))]
