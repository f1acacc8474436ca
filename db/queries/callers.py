"""Queries for callers of the HTTP API: tokens, answers to repeat, cost of their batches."""

import sqlite3
from collections.abc import Collection

from db.rows import AnswerRow, FileRow, TokenRow


def workspace_id(connection: sqlite3.Connection) -> str:
    """Return the random id of the workspace."""
    row = connection.execute("SELECT value FROM version_info WHERE key = 'workspace'").fetchone()
    return str(row[0]) if row else ""


def token_by_hash(connection: sqlite3.Connection, hash_: str) -> TokenRow | None:
    """Return the token of a hash, revoked or expired ones too."""
    row = connection.execute("SELECT * FROM tokens WHERE hash = ?", (hash_,)).fetchone()
    return TokenRow.of(row) if row else None


def tokens(connection: sqlite3.Connection) -> list[TokenRow]:
    """Return all tokens, oldest first."""
    return [TokenRow.of(row) for row in connection.execute("SELECT * FROM tokens ORDER BY id")]


def answer_of(
    connection: sqlite3.Connection, caller: str, key: str, since: str
) -> AnswerRow | None:
    """Return the answer to a caller's request with a key, unless it is older than a time."""
    row = connection.execute(
        "SELECT * FROM answers WHERE caller = ? AND key = ? AND created_at >= ?",
        (caller, key, since),
    ).fetchone()
    return AnswerRow.of(row) if row else None


def committed_by(connection: sqlite3.Connection, caller: str) -> int:
    """Return what a caller's batches have cost or may still cost, in micro-dollars.

    A batch that has ended counts with its cost, any other with its budget; a deleted one with what
    was reserved for it.
    """
    sql = """
    SELECT coalesce(sum(CASE
      WHEN b.id IS NULL THEN coalesce(c.reserved, 0)
      WHEN b.state IN ('done', 'done_with_failures', 'cancelled') THEN b.cost
      ELSE max(b.cost, coalesce(b.budget, b.cost)) END), 0)
    FROM batch_callers c LEFT JOIN batches b ON b.id = c.batch_id WHERE c.caller = ?
    """
    return int(connection.execute(sql, (caller,)).fetchone()[0])


def has_pending_commands(
    connection: sqlite3.Connection, source: str, verbs: Collection[str], except_id: int
) -> bool:
    """Return whether a source has other commands of some verbs that wait to be carried out."""
    marks = ", ".join("?" * len(verbs))
    sql = f"""SELECT 1 FROM commands WHERE state = 'pending' AND source = ? AND id != ?
              AND verb IN ({marks}) LIMIT 1"""  # noqa: S608 - placeholders only
    return connection.execute(sql, (source, except_id, *verbs)).fetchone() is not None


def caller_of(connection: sqlite3.Connection, batch_id: int) -> str | None:
    """Return the principal that queued a batch over the wire; None for another door."""
    sql = "SELECT caller FROM batch_callers WHERE batch_id = ?"
    row = connection.execute(sql, (batch_id,)).fetchone()
    return None if row is None else str(row[0])


_FILE = "hash, kind, media_type, size, width, height, facts"


def stored_file(connection: sqlite3.Connection, hash_: str) -> FileRow | None:
    """Return a stored file that a step or an upload names; None for any other, such as a trace."""
    sql = f"""SELECT {_FILE} FROM artifacts WHERE hash = :hash AND role <> 'trace'
              UNION ALL SELECT {_FILE} FROM uploads WHERE hash = :hash LIMIT 1"""  # noqa: S608
    row = connection.execute(sql, {"hash": hash_}).fetchone()
    return FileRow.of(row) if row else None
