"""Queries for ratings, and for the marks of batches."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.rating import NOTE_LIMIT, rating_word
from db.rows import Row


@dataclass(frozen=True, slots=True)
class RatingRow(Row):
    """One act of rating.

    Attributes:
        part: The part of the job; empty for its result.
        value: Rank of `db.rating`; None if the rating was taken away.
        note: The note, cut.
        author: Who rated.
        created_at: When.
    """

    id: int
    job_id: int
    part: str
    value: int | None
    note: str
    author: str
    created_at: str


_COLUMNS = f"""id, job_id, substr(part, 1, 500) AS part, value,
substr(note, 1, {NOTE_LIMIT}) AS note, substr(author, 1, 200) AS author, created_at"""

MOST = 500
"""Maximum ratings of a job that are read."""


def ratings_of(connection: sqlite3.Connection, job_id: int) -> list[RatingRow]:
    """Return the newest ratings of a job and of its parts, earlier ones too, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM ratings WHERE job_id = ? ORDER BY id DESC LIMIT ?"  # noqa: S608
    return [RatingRow.of(row) for row in connection.execute(sql, (job_id, MOST))][::-1]


def present_ratings(connection: sqlite3.Connection, job_id: int) -> dict[str, RatingRow]:
    """Return the present rating of a job and of each rated part, by part."""
    sql = f"""SELECT {_COLUMNS} FROM ratings WHERE id IN
              (SELECT max(id) FROM ratings WHERE job_id = ? GROUP BY part)
              ORDER BY id DESC LIMIT ?"""  # noqa: S608
    rows = [RatingRow.of(row) for row in connection.execute(sql, (job_id, MOST))]
    return {row.part: row for row in rows}


def count_ratings(
    connection: sqlite3.Connection, batch_ids: Sequence[int]
) -> dict[int, dict[str, int]]:
    """Return the number of jobs by rating, of each batch that has rated jobs."""
    sql = """SELECT rating, count(*) FROM jobs WHERE batch_id = ? AND rating IS NOT NULL
             GROUP BY rating"""
    counts = {}
    for batch_id in batch_ids:
        rows = connection.execute(sql, (batch_id,)).fetchall()
        named = {word: row[1] for row in rows if (word := rating_word(row[0])) is not None}
        if named:
            counts[batch_id] = named
    return counts


def rating_document(connection: sqlite3.Connection, job_id: int) -> dict[str, Any] | None:
    """Return the present ratings of a job as results are written; None without any.

    The `rating` is that of the job, None if only parts are rated; those of parts are in `parts`.
    """
    present = present_ratings(connection, job_id)
    rated = {
        part: _document(row) for part, row in present.items() if row.value is not None or row.note
    }
    of_job = rated.pop("", None)
    if of_job is None and not rated:
        return None
    nothing = {"rating": None, "note": "", "author": None, "created_at": None}
    parts = [{"part": part, **document} for part, document in sorted(rated.items())]
    return {**(of_job or nothing), "parts": parts}


def _document(row: RatingRow) -> dict[str, Any]:
    return {
        "rating": rating_word(row.value),
        "note": row.note,
        "author": row.author,
        "created_at": row.created_at,
    }
