"""Queries for deleting batches: what it frees, what is left to delete, which files are free."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from db.rows import JobRow
from db.text import hashes_in


@dataclass(frozen=True, slots=True)
class Freed:
    """Things that go with a batch.

    Attributes:
        jobs: Its jobs.
        files: Stored files that nothing else names.
        size: Their bytes, as far as the store knows them.
        shared: Stored files of it that other batches name, and that stay.
        cost: Micro-dollars that it has cost; they stay in the sums.
    """

    jobs: int
    files: int
    size: int
    shared: int
    cost: int


_OF_BATCH = """
SELECT hash, size FROM artifacts WHERE job_id IN (SELECT id FROM jobs WHERE batch_id = :batch)
UNION ALL
SELECT hash, size FROM artifacts WHERE step_id IN
  (SELECT id FROM steps WHERE batch_id = :batch AND job_id IS NULL)
"""


def what_is_freed(connection: sqlite3.Connection, batch_id: int) -> Freed | None:
    """Return what deleting a batch frees; None if it is not there.

    It looks at every input that names a stored file, some 300 ms per million jobs.
    """
    row = connection.execute(
        """SELECT queued + running + paused + parked + done + failed + cancelled, cost
           FROM batches WHERE id = ?""",
        (batch_id,),
    ).fetchone()
    if row is None:
        return None
    sql = f"""SELECT hash, max(size), EXISTS (SELECT 1 FROM artifacts o WHERE o.hash = f.hash
              AND o.batch_id <> :batch) FROM ({_OF_BATCH}) f GROUP BY hash"""  # noqa: S608
    files = connection.execute(sql, {"batch": batch_id}).fetchall()
    mentioned = set(named_by_jobs(connection, batch_id)) if files else set[str]()
    free = [size for hash_, size, elsewhere in files if not elsewhere and hash_ not in mentioned]
    return Freed(row[0], len(free), sum(free), len(files) - len(free), row[1])


def named_by_jobs(
    connection: sqlite3.Connection, without: int | None = None, *, uploads: bool = True
) -> Iterator[str]:
    """Yield stored files that inputs and decisions of jobs name, except those of one batch.

    Args:
        connection: The store.
        without: The batch.
        uploads: True to yield files that callers have uploaded as well.
    """
    sql = """SELECT input, batch_id FROM jobs WHERE instr(input, '"hash"')
             UNION ALL SELECT d.value, j.batch_id FROM decisions d JOIN jobs j ON j.id = d.job_id
             WHERE instr(d.value, '"hash"')
             UNION ALL SELECT '"hash":"' || l.hash || '"', j.batch_id FROM lineage l
             JOIN jobs j ON j.id = l.job_id WHERE l.hash IS NOT NULL
             UNION ALL SELECT '"hash":"' || hash || '"', 0 FROM uploads WHERE :uploads
             UNION ALL SELECT h.outcome, s.batch_id FROM held_results h
             JOIN steps s ON s.id = h.step_id"""
    for text, batch_id in connection.execute(sql, {"uploads": uploads}):
        if batch_id != without:
            yield from hashes_in(text)


def batch_to_delete(connection: sqlite3.Connection) -> int | None:
    """Return a batch that is being deleted; None if there is none."""
    row = connection.execute("SELECT min(id) FROM batches WHERE deleting").fetchone()
    return None if row[0] is None else int(row[0])


def jobs_to_delete(connection: sqlite3.Connection, batch_id: int, at_most: int) -> list[JobRow]:
    """Return some jobs of a batch."""
    sql = "SELECT * FROM jobs WHERE batch_id = ? ORDER BY position LIMIT ?"
    return [JobRow.of(row) for row in connection.execute(sql, (batch_id, at_most))]


def has_freed(connection: sqlite3.Connection) -> bool:
    """Return True if stored files of deleted batches wait for their removal."""
    return connection.execute("SELECT 1 FROM freed_files LIMIT 1").fetchone() is not None


def freed_files(connection: sqlite3.Connection, at_most: int) -> tuple[list[str], list[str]]:
    """Return stored files of deleted batches: those that nothing names, and those in use."""
    rows = connection.execute(
        """SELECT hash, EXISTS (SELECT 1 FROM artifacts a WHERE a.hash = f.hash)
           FROM freed_files f LIMIT ?""",
        (at_most,),
    ).fetchall()
    mentioned = set(named_by_jobs(connection)) if rows else set[str]()
    used = [hash_ for hash_, named in rows if named or hash_ in mentioned]
    return [hash_ for hash_, _ in rows if hash_ not in set(used)], used
