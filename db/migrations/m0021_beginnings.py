"""Migration 21: an index of words that has their beginnings, and each character of CJK apart."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_STATEMENTS = (
    "DROP TRIGGER jobs_texts_removed",
    "DROP TABLE job_texts",
    """
    CREATE VIRTUAL TABLE job_texts USING fts5(
      key, prompt, critique, reason, note, model, tags,
      tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3', columnsize = 0
    )
    """,
    """
    CREATE TRIGGER jobs_texts_removed AFTER DELETE ON jobs WHEN OLD.indexed
    BEGIN DELETE FROM job_texts WHERE rowid = OLD.id; END
    """,
    "UPDATE jobs SET indexed = 0 WHERE indexed",
)


def apply(db: "Database") -> None:
    """Replace the index; finished jobs are indexed again, in pieces, the newest first.

    Beginnings of two and three letters have lists of their own, so that a search for them does not
    gather those of all words that begin so. Without the sizes of columns, which rank matches and
    are not used, the index is smaller.
    """
    for statement in _STATEMENTS:
        db.execute(statement)
