"""Queries for uploaded files that no batch uses and that are older, or more, than is kept."""

import sqlite3
from datetime import timedelta

from db.clock import ago
from db.queries.deletions import named_by_jobs
from db.queries.old_history import Keep

LEAST_SECONDS = 86_400.0
"""Age from which an upload may go for its size or number: what comes now is about to be queued."""


def old_uploads(
    connection: sqlite3.Connection, keep: Keep | None, most_bytes: int | None
) -> list[tuple[str, int]]:
    """Return hash and size of the uploads that may go, the newest first.

    Files that a job, a decision or a held result names are never among them, and count for
    nothing. Inputs of jobs are looked at only if there is something old: some 300 ms per million.

    Args:
        connection: The store.
        keep: Age or number of uploads that are kept; None for all.
        most_bytes: Bytes of the newest uploads that are kept; None for all.
    """
    rows = connection.execute(
        "SELECT hash, size, created_at FROM uploads ORDER BY created_at DESC, hash"
    ).fetchall()
    if not _beyond(rows, keep, most_bytes):
        return []
    used = set(named_by_jobs(connection, uploads=False))
    return _beyond([row for row in rows if row["hash"] not in used], keep, most_bytes)


def _beyond(
    rows: list[sqlite3.Row], keep: Keep | None, most_bytes: int | None
) -> list[tuple[str, int]]:
    """Return those of some uploads, the newest first, that are beyond what is kept."""
    before = ago(keep.total_seconds()) if isinstance(keep, timedelta) else ""
    settled = ago(LEAST_SECONDS)
    old, total = list[tuple[str, int]](), 0
    for number, (hash_, size, created_at) in enumerate(rows, 1):
        total += size
        is_old = created_at < before
        is_many = isinstance(keep, int) and number > keep
        is_much = most_bytes is not None and total > most_bytes
        if is_old or ((is_many or is_much) and created_at < settled):
            old.append((hash_, size))
    return old
