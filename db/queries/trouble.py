"""Queries for recent problems."""

import sqlite3

NEWEST = 5000
"""Number of newest rows that are searched."""


def recent_trouble(connection: sqlite3.Connection, since: str) -> list[tuple[str, str, int]]:
    """Return problems since a time: sentence, remedy, count; the most frequent first.

    Calls that were retried with success are included.
    """
    sql = """
        SELECT message, max(remedy), count(*) FROM (
          SELECT message, remedy, created_at AS at FROM
            (SELECT * FROM errors ORDER BY id DESC LIMIT :newest)
          UNION ALL
          SELECT substr(message, instr(message, ': ') + 2), '', at FROM
            (SELECT * FROM events ORDER BY id DESC LIMIT :newest)
            WHERE type = 'step.retry'
        ) WHERE at > :since GROUP BY message ORDER BY 3 DESC, 1"""
    rows = connection.execute(sql, {"newest": NEWEST, "since": since})
    return [(row[0], row[1], row[2]) for row in rows]


def newest_event_at(connection: sqlite3.Connection) -> str | None:
    """Return the time of the newest event, None if there is none."""
    row = connection.execute("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    return str(row[0]) if row else None
