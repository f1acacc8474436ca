"""Migration 11: callers over the wire: their tokens, answers to repeat, batches and uploads."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE tokens (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      kind TEXT NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      scopes TEXT NOT NULL,
      ceiling INTEGER,
      created_at TEXT NOT NULL,
      expires_at TEXT,
      used_at TEXT,
      revoked_at TEXT
    )
    """,
    """
    CREATE TABLE answers (
      caller TEXT NOT NULL,
      key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      status INTEGER NOT NULL,
      body TEXT NOT NULL,
      headers TEXT NOT NULL,
      created_at TEXT NOT NULL,
      PRIMARY KEY (caller, key)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE batch_callers (
      batch_id INTEGER PRIMARY KEY,
      caller TEXT NOT NULL,
      reserved INTEGER
    )
    """,
    """
    CREATE TABLE uploads (
      hash TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      media_type TEXT NOT NULL,
      size INTEGER NOT NULL,
      width INTEGER,
      height INTEGER,
      facts TEXT NOT NULL DEFAULT '{}',
      caller TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX answers_age ON answers(created_at)",
    "CREATE INDEX batch_callers_caller ON batch_callers(caller)",
)


def apply(db: "Database") -> None:
    """Add the tables, and a random id of the workspace, which tokens are bound to."""
    from secrets import token_hex  # not for each start, which needs only the version

    for statement in _STATEMENTS:
        db.execute(statement)
    db.execute(
        "INSERT OR IGNORE INTO version_info (key, value) VALUES ('workspace', ?)", [token_hex(16)]
    )
