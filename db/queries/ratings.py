"""Queries for ratings, and for the marks of batches."""

import sqlite3
from dataclasses import dataclass

from db.rating import NOTE_LIMIT
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
