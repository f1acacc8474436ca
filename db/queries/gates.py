"""Queries for gates: the steps that wait, or waited, for an operator's approval."""

import sqlite3

from db.rows import StepRow


def gates_of(connection: sqlite3.Connection, job_id: int) -> list[StepRow]:
    """Return the current gates of a job, answered ones too, in the order of their keys."""
    sql = """SELECT * FROM steps WHERE job_id = ? AND operation = 'approve'
             AND backend = 'operator' AND superseded_at IS NULL ORDER BY key"""
    return [StepRow.of(row) for row in connection.execute(sql, (job_id,))]


def jobs_at_gates(
    connection: sqlite3.Connection, batch_id: int, after: int = 0, limit: int = 500
) -> list[int]:
    """Return a page of the ids of a batch's jobs that are parked for an approval."""
    sql = """SELECT id FROM jobs WHERE batch_id = ? AND state = 'parked' AND reason = 'approval'
             AND id > ? ORDER BY id LIMIT ?"""
    return [row[0] for row in connection.execute(sql, (batch_id, after, limit))]
