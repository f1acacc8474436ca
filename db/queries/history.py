"""Queries for events and stored files."""

import sqlite3
from collections.abc import Iterator

from db.rows import EventRow


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when another connection commits; costs microseconds."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def last_event(connection: sqlite3.Connection) -> int:
    """Return the id of the newest event, 0 if there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def events_after(
    connection: sqlite3.Connection,
    after: int,
    *,
    batch_id: int | None = None,
    job_id: int | None = None,
    limit: int = 1000,
) -> list[EventRow]:
    """Return the events after one, oldest first; of one batch or one job if given."""
    where, values = "id > ?", [after]
    if job_id is not None:
        where, values = "job_id = ? AND id > ?", [job_id, after]
    elif batch_id is not None:
        where, values = "batch_id = ? AND id > ?", [batch_id, after]
    sql = f"SELECT * FROM events WHERE {where} ORDER BY id LIMIT ?"  # noqa: S608 - fixed conditions
    return [EventRow.of(row) for row in connection.execute(sql, (*values, limit))]


def latest_events(connection: sqlite3.Connection, job_id: int, limit: int = 500) -> list[EventRow]:
    """Return the newest events of a job, oldest first."""
    sql = "SELECT * FROM events WHERE job_id = ? ORDER BY id DESC LIMIT ?"
    return [EventRow.of(row) for row in connection.execute(sql, (job_id, limit))][::-1]


def named_hashes(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Return every stored file that some row names, by hash, with its size."""
    sql = """SELECT hash, max(size) FROM (SELECT hash, size FROM artifacts
             UNION ALL SELECT hash, size FROM uploads) GROUP BY hash"""
    for row in connection.execute(sql):
        yield row[0], row[1]


def is_named(connection: sqlite3.Connection, hash_: str) -> bool:
    """Return True if any row names a stored file."""
    sql = """SELECT 1 FROM artifacts WHERE hash = :hash
             UNION ALL SELECT 1 FROM uploads WHERE hash = :hash"""
    return connection.execute(sql, {"hash": hash_}).fetchone() is not None


def disk_use(connection: sqlite3.Connection) -> list[tuple[int, str, int, int]]:
    """Return each batch's id, name, number of files and their bytes, each file counted once."""
    sql = """SELECT b.id, b.name, count(a.hash), coalesce(sum(a.size), 0) FROM batches b
             LEFT JOIN (SELECT DISTINCT batch_id, hash, size FROM artifacts) a ON a.batch_id = b.id
             GROUP BY b.id ORDER BY 4 DESC"""
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(sql)]


def messages(connection: sqlite3.Connection, batch_id: int, type_: str) -> list[str]:
    """Return the messages of a batch's events of one type, oldest first."""
    sql = "SELECT message FROM events WHERE batch_id = ? AND type = ? ORDER BY id"
    return [str(row[0]) for row in connection.execute(sql, (batch_id, type_))]


def oldest_event(connection: sqlite3.Connection) -> int:
    """Return the id of the oldest event that is kept, 0 if there is none."""
    return int(connection.execute("SELECT coalesce(min(id), 0) FROM events").fetchone()[0])
