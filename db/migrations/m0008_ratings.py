"""Migration 8: ratings, marks of batches, words to search, and batches that are being deleted."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    """
    CREATE TABLE ratings (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
      part TEXT NOT NULL DEFAULT '',
      value INTEGER,
      note TEXT NOT NULL DEFAULT '',
      author TEXT NOT NULL,
      created_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX ratings_of_job ON ratings(job_id, part, id)",
    "ALTER TABLE jobs ADD COLUMN rating INTEGER",
    "ALTER TABLE jobs ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_rating ON jobs(batch_id, rating, position) WHERE rating IS NOT NULL",
    """CREATE INDEX jobs_to_index ON jobs(id)
       WHERE indexed = 0 AND state IN ('done', 'failed', 'cancelled')""",
    "ALTER TABLE batches ADD COLUMN starred INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE batches ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE batches ADD COLUMN archived_at TEXT",
    "ALTER TABLE batches ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX batches_deleting ON batches(id) WHERE deleting",
    "CREATE INDEX artifacts_temporary ON artifacts(job_id) WHERE role = 'temporary'",
    """
    CREATE VIRTUAL TABLE job_texts USING fts5(
      key, prompt, critique, reason, note, model, tags,
      tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER jobs_texts_removed AFTER DELETE ON jobs WHEN OLD.indexed
    BEGIN DELETE FROM job_texts WHERE rowid = OLD.id; END
    """,
    """
    CREATE TABLE spent_on_deleted (
      backend TEXT NOT NULL,
      model TEXT NOT NULL,
      purpose TEXT NOT NULL,
      steps INTEGER NOT NULL,
      calls INTEGER NOT NULL,
      cost INTEGER NOT NULL,
      tokens_in INTEGER,
      tokens_out INTEGER,
      PRIMARY KEY (backend, model, purpose)
    ) WITHOUT ROWID
    """,
    "CREATE TABLE freed_files (hash TEXT PRIMARY KEY) WITHOUT ROWID",
)


def apply(db: "Database") -> None:
    """Add tables, columns and indexes; finished jobs are indexed later, in pieces.

    `jobs.rating` is the job's present rating as a number (`db.rating`), `indexed` becomes 1 once
    the job's words are in `job_texts`. `freed_files` names stored files of deleted batches that
    are removed once nothing runs.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
