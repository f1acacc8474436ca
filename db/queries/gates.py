"""Queries for gates: the steps that wait, or waited, for an operator's approval."""

import json
import sqlite3
from collections.abc import Sequence

from db.rows import JobRow, StepRow

_GATE = "operation = 'approve' AND backend = 'operator' AND superseded_at IS NULL"


def gates_of(connection: sqlite3.Connection, job_id: int) -> list[StepRow]:
    """Return the current gates of a job, answered ones too, in the order of their keys."""
    sql = f"SELECT * FROM steps WHERE job_id = ? AND {_GATE} ORDER BY key"  # noqa: S608
    return [StepRow.of(row) for row in connection.execute(sql, (job_id,))]


def waiting_gates_of_batch(connection: sqlite3.Connection, batch_id: int) -> list[StepRow]:
    """Return the gates at which the batch's own steps wait, in the order of their keys."""
    sql = f"""SELECT * FROM steps WHERE batch_id = ? AND job_id IS NULL AND state = 'waiting'
              AND {_GATE} ORDER BY key"""  # noqa: S608
    return [StepRow.of(row) for row in connection.execute(sql, (batch_id,))]


def batch_waits(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Return True if a step of the batch itself waits at a gate."""
    sql = f"""SELECT EXISTS (SELECT 1 FROM steps WHERE batch_id = ? AND job_id IS NULL
              AND state = 'waiting' AND {_GATE})"""  # noqa: S608
    return bool(connection.execute(sql, (batch_id,)).fetchone()[0])


def gates_to_answer(connection: sqlite3.Connection, job: JobRow) -> list[StepRow]:
    """Return a job's gates, and those that its batch waits at before its first job."""
    shared = waiting_gates_of_batch(connection, job.batch_id)
    before = [gate for gate in shared if gate.key.startswith("before/")]
    return [*gates_of(connection, job.id), *before]


def jobs_at_gates(
    connection: sqlite3.Connection, batch_id: int, after: int = 0, limit: int = 500
) -> list[int]:
    """Return a page of the ids of a batch's jobs that are parked for an approval."""
    sql = """SELECT id FROM jobs WHERE batch_id = ? AND state = 'parked' AND reason = 'approval'
             AND id > ? ORDER BY id LIMIT ?"""
    return [row[0] for row in connection.execute(sql, (batch_id, after, limit))]


def jobs_waiting(
    connection: sqlite3.Connection, limit: int = 300
) -> list[tuple[int, str, str, StepRow]]:
    """Return the gates that jobs of all batches wait at, the longest waiting first.

    Returns:
        The batch's number and name, the job's key, and the gate.
    """
    sql = """SELECT b.id AS b_id, b.name AS b_name, j.key AS j_key, s.* FROM jobs j
              JOIN batches b ON b.id = j.batch_id JOIN steps s ON s.job_id = j.id
              WHERE j.state = 'parked' AND j.reason = 'approval' AND s.state = 'waiting'
              AND s.operation = 'approve' AND s.backend = 'operator'
              AND s.superseded_at IS NULL ORDER BY s.started_at LIMIT ?"""
    rows = connection.execute(sql, (limit,))
    return [(row["b_id"], row["b_name"], row["j_key"], StepRow.of(row)) for row in rows]


def batches_waiting(
    connection: sqlite3.Connection, limit: int = 300
) -> list[tuple[int, str, StepRow]]:
    """Return the gates that batches' own steps wait at: the batch's number and name, the gate."""
    sql = """SELECT b.id AS b_id, b.name AS b_name, s.* FROM steps s
             JOIN batches b ON b.id = s.batch_id
             WHERE s.job_id IS NULL AND s.state = 'waiting' AND s.operation = 'approve'
             AND s.backend = 'operator' AND s.superseded_at IS NULL
             ORDER BY s.started_at LIMIT ?"""
    rows = connection.execute(sql, (limit,))
    return [(row["b_id"], row["b_name"], StepRow.of(row)) for row in rows]


def count_waiting(
    connection: sqlite3.Connection, batch_ids: Sequence[int], job_ids: Sequence[int]
) -> list[tuple[str, int]]:
    """Return the keys of gates at which batches, their jobs, or single jobs wait, and how many."""
    sql = f"""SELECT substr(key, 1, 200), count(*) FROM steps
              WHERE state = 'waiting' AND {_GATE}
              AND (batch_id IN (SELECT value FROM json_each(?))
                   OR job_id IN (SELECT value FROM json_each(?)))
              AND (job_id IS NULL OR EXISTS (SELECT 1 FROM jobs j WHERE j.id = steps.job_id
                                             AND j.state = 'parked' AND j.reason = 'approval'))
              GROUP BY key ORDER BY count(*) DESC, key"""  # noqa: S608
    rows = connection.execute(sql, (json.dumps(list(batch_ids)), json.dumps(list(job_ids))))
    return [(str(key), int(count)) for key, count in rows]
