"""Reading what went wrong lately, and what a store says of itself."""

import sqlite3

NEWEST = 5000
"""How many of the newest rows are looked through."""


def recent_trouble(connection: sqlite3.Connection, since: str) -> list[tuple[str, str, int]]:
    """What went wrong after a time: a sentence, what to do about it, how often; the most first.

    Calls that were made again, and worked then, are among it.
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
    found = connection.execute(sql, {"newest": NEWEST, "since": since})
    return [(row[0], row[1], row[2]) for row in found]


def newest_event_at(connection: sqlite3.Connection) -> str | None:
    """When the newest event was, None where there is none."""
    row = connection.execute("SELECT at FROM events ORDER BY id DESC LIMIT 1").fetchone()
    return str(row[0]) if row else None
