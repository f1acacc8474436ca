"""Marks that an operator puts on a batch: a star, a note, archived, to be deleted."""

import sqlite3

from db.clock import now
from db.text import storable
from db.writes.events import record_event


def star_batch(connection: sqlite3.Connection, batch_id: int, *, starred: bool) -> None:
    """Star a batch, or take the star away."""
    connection.execute("UPDATE batches SET starred = ? WHERE id = ?", (int(starred), batch_id))


def note_batch(connection: sqlite3.Connection, batch_id: int, note: str) -> None:
    """Replace the note on a batch; an empty one removes it."""
    connection.execute("UPDATE batches SET note = ? WHERE id = ?", (storable(note), batch_id))


def archive_batch(connection: sqlite3.Connection, batch_id: int, *, archived: bool) -> None:
    """Archive a batch, so that lists leave it out, or bring it back."""
    connection.execute(
        "UPDATE batches SET archived_at = ? WHERE id = ?", (now() if archived else None, batch_id)
    )


def begin_deletion(connection: sqlite3.Connection, batch_id: int) -> bool:
    """Mark a batch whose jobs have ended to be deleted; from then on it is in no list.

    Returns:
        False if it is not there, or has jobs left or last steps that run.
    """
    cursor = connection.execute(
        """UPDATE batches SET deleting = 1 WHERE id = ? AND NOT preparing
           AND queued + running + paused + parked = 0 AND finish <> 'running'""",
        (batch_id,),
    )
    if cursor.rowcount:
        record_event(connection, "batch.deleting", batch_id=batch_id)
    return cursor.rowcount > 0
