"""Steps that are tried again: by an operator's command, or for files that are gone."""

import sqlite3
from collections.abc import Iterable

from db.writes.faults import note_asked_again


def reopen_steps(connection: sqlite3.Connection, job_id: int) -> int:
    """Reopen a job's failed and unknown steps for another attempt; return their number."""
    note_asked_again(connection, job_id)
    cursor = connection.execute(
        """UPDATE steps SET state = 'open' WHERE job_id = ? AND superseded_at IS NULL
           AND state IN ('failed', 'unknown')""",
        (job_id,),
    )
    return cursor.rowcount


def reopen_makers(connection: sqlite3.Connection, job_id: int, hashes: Iterable[str]) -> int:
    """Reopen the steps of a job whose stored files are lost; return their number.

    Their results are deleted; the provider's id of the call stays, so that a call that can be
    resumed is not paid for again.
    """
    reopened = set[int]()
    for hash_ in hashes:
        sql = "SELECT step_id FROM artifacts WHERE hash = ? AND job_id = ? AND step_id IS NOT NULL"
        reopened.update(row[0] for row in connection.execute(sql, (hash_, job_id)))
    for step_id in reopened:
        connection.execute(
            "UPDATE steps SET state = 'open', result = NULL WHERE id = ?", (step_id,)
        )
        for table in ("artifacts", "scores", "critiques", "prompts"):
            sql = f"DELETE FROM {table} WHERE step_id = ?"  # noqa: S608 - our own names
            connection.execute(sql, (step_id,))
    return len(reopened)


def forget_temporary(connection: sqlite3.Connection, before: str, at_most: int = 100) -> int:
    """Reopen the steps of done jobs whose files can be computed again; nothing names these then.

    Such files have the role `temporary`.

    Args:
        connection: The writing connection.
        before: Time before which the jobs were finished, ISO 8601.
        at_most: Maximum number of jobs.

    Returns:
        Number of jobs; fewer than `at_most` means that nothing is left.
    """
    # The role is written out, so that the partial index of these files is used.
    sql = """SELECT DISTINCT a.job_id FROM artifacts a CROSS JOIN jobs j ON j.id = a.job_id
             WHERE a.role = 'temporary' AND j.state = 'done' AND j.finished_at < ? LIMIT ?"""
    jobs = [row[0] for row in connection.execute(sql, (before, at_most))]
    for job_id in jobs:
        named = "SELECT DISTINCT hash FROM artifacts WHERE job_id = ? AND role = 'temporary'"
        hashes = [row[0] for row in connection.execute(named, (job_id,))]
        reopen_makers(connection, job_id, hashes)
    return len(jobs)
