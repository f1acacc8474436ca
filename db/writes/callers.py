"""Callers of the HTTP API: tokens, answers to repeat, batches and uploads."""

import sqlite3

from db.clock import now
from db.rows import AnswerRow, FileRow


def add_token(
    connection: sqlite3.Connection,
    *,
    name: str,
    kind: str,
    hash_: str,
    scopes: str,
    ceiling: int | None,
    expires_at: str | None,
) -> int:
    """Add a token; return its number.

    Raises:
        sqlite3.IntegrityError: There is one with this hash.
    """
    cursor = connection.execute(
        """INSERT INTO tokens (name, kind, hash, scopes, ceiling, created_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (name, kind, hash_, scopes, ceiling, now(), expires_at),
    )
    return int(cursor.lastrowid or 0)


def revoke_token(connection: sqlite3.Connection, token_id: int) -> bool:
    """Revoke a token; return False if there is none or it was revoked before."""
    cursor = connection.execute(
        "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now(), token_id)
    )
    return cursor.rowcount > 0


def touch_token(connection: sqlite3.Connection, token_id: int) -> None:
    """Store that a token was used now."""
    connection.execute("UPDATE tokens SET used_at = ? WHERE id = ?", (now(), token_id))


def add_answer(connection: sqlite3.Connection, answer: AnswerRow, before: str) -> None:
    """Store the answer to a request with a key, and forget answers from before a time.

    Raises:
        sqlite3.IntegrityError: Another process has answered a request with this key.
    """
    connection.execute("DELETE FROM answers WHERE created_at < ?", (before,))
    connection.execute(
        """INSERT INTO answers (caller, key, fingerprint, status, body, headers, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            answer.caller,
            answer.key,
            answer.fingerprint,
            answer.status,
            answer.body,
            answer.headers,
            answer.created_at,
        ),
    )


def replace_answer(
    connection: sqlite3.Connection, caller: str, key: str, *, status: int, body: str, headers: str
) -> None:
    """Replace a stored answer, once a command has been carried out."""
    connection.execute(
        "UPDATE answers SET status = ?, body = ?, headers = ? WHERE caller = ? AND key = ?",
        (status, body, headers, caller, key),
    )


def own_batch(
    connection: sqlite3.Connection, batch_id: int, caller: str, reserved: int | None
) -> None:
    """Store which principal queued a batch, and the budget that counts against its ceiling."""
    connection.execute(
        "INSERT OR REPLACE INTO batch_callers (batch_id, caller, reserved) VALUES (?, ?, ?)",
        (batch_id, caller, reserved),
    )


def add_upload(connection: sqlite3.Connection, file: FileRow, caller: str) -> bool:
    """Name an uploaded file, so that it is kept from now on; return False if it was before."""
    is_new = (
        connection.execute("SELECT 1 FROM uploads WHERE hash = ?", (file.hash,)).fetchone() is None
    )
    connection.execute(
        """INSERT INTO uploads (hash, kind, media_type, size, width, height, facts,
           caller, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (hash) DO UPDATE SET created_at = excluded.created_at""",
        (
            file.hash,
            file.kind,
            file.media_type,
            file.size,
            file.width,
            file.height,
            file.facts,
            caller,
            now(),
        ),
    )
    return is_new


def forget_uploads(connection: sqlite3.Connection, hashes: list[str]) -> None:
    """Forget uploaded files; those that nothing else names are removed by the next engine."""
    rows = [(hash_,) for hash_ in hashes]
    connection.executemany("INSERT OR IGNORE INTO freed_files (hash) VALUES (?)", rows)
    connection.executemany("DELETE FROM uploads WHERE hash = ?", rows)
