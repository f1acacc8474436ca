"""Queries for upkeep: parked jobs, files that only inputs name, the oldest event to keep."""

import sqlite3
from collections.abc import Iterator

from db.text import hashes_in


def parked_reasons(connection: sqlite3.Connection) -> list[tuple[int, str, str, int]]:
    """Return why jobs are parked: batch, reason, the message of one of them, their number."""
    sql = """SELECT batch_id, coalesce(reason, ''), coalesce(max(message), ''), count(*)
             FROM jobs WHERE state = 'parked' GROUP BY +batch_id, reason ORDER BY 1, 2"""
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(sql)]


def mentioned_hashes(connection: sqlite3.Connection) -> Iterator[str]:
    """Return stored files that only inputs of jobs and decisions name, such as reference images.

    No step has produced them, so no row of `artifacts` has them. Nor has one those of results that
    wait for an object store, which are returned too.
    """
    sql = """SELECT input FROM jobs WHERE instr(input, '"hash"')
             UNION ALL SELECT value FROM decisions WHERE instr(value, '"hash"')
             UNION ALL SELECT outcome FROM held_results"""
    for row in connection.execute(sql):
        yield from hashes_in(row[0])


def held_results(connection: sqlite3.Connection) -> int:
    """Return how many results wait until their files are in the object store."""
    return int(connection.execute("SELECT count(*) FROM held_results").fetchone()[0])


def before_last_events(
    connection: sqlite3.Connection,
    count: int,
    *,
    batch_id: int | None = None,
    job_id: int | None = None,
) -> int:
    """Return the event before the newest `count`, of one batch or one job if given."""
    where, values = "1", list[int]()
    if job_id is not None:
        where, values = "job_id = ?", [job_id]
    elif batch_id is not None:
        where, values = "batch_id = ?", [batch_id]
    sql = f"SELECT id FROM events WHERE {where} ORDER BY id DESC LIMIT 1 OFFSET ?"  # noqa: S608
    row = connection.execute(sql, (*values, count)).fetchone()
    return int(row[0]) if row else 0


def long_preparing(connection: sqlite3.Connection, before: str) -> list[tuple[int, str, str]]:
    """Return batches in preparation since before a time: number, preparer, time."""
    sql = """SELECT id, coalesce(preparer, ''), created_at FROM batches
             WHERE preparing AND created_at < ? ORDER BY id"""
    return [(row[0], row[1], row[2]) for row in connection.execute(sql, (before,))]


def open_recipes(connection: sqlite3.Connection) -> set[str]:
    """Return the recipes of batches that have jobs left."""
    sql = "SELECT DISTINCT recipe FROM batches WHERE queued + running + paused + parked > 0"
    return {row[0] for row in connection.execute(sql)}


def open_snapshots(connection: sqlite3.Connection) -> Iterator[str]:
    """Return the snapshots of batches that have jobs left, as JSON."""
    sql = "SELECT snapshot FROM batches WHERE queued + running + paused + parked > 0"
    for row in connection.execute(sql):
        yield row[0]
