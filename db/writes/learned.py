"""Writes of what helped with a model and what never did."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from db.clock import now
from db.text import storable


class NewEvidence(NamedTuple):
    """One time that a term was tried.

    Attributes:
        recipe: The recipe.
        model: Backend and model.
        term: The term.
        helped: True if the score rose by at least a point.
        gain: By how many points.
    """

    recipe: str
    model: str
    term: str
    helped: bool
    gain: float


def add_evidence(
    connection: sqlite3.Connection, job_ids: Sequence[int], evidence: Iterable[NewEvidence]
) -> None:
    """Add what jobs have shown, and mark them as read; one that is marked already adds nothing.

    Args:
        connection: A writer.
        job_ids: The jobs.
        evidence: What they have shown, all of it.
    """
    ids = json.dumps(list(job_ids))
    marked = connection.execute(
        """UPDATE jobs SET learned = 1 WHERE learned = 0
           AND id IN (SELECT value FROM json_each(?))""",
        (ids,),
    )
    if marked.rowcount != len(job_ids):
        return  # another process has read some of them; the rest is read the next time
    at = now()
    connection.executemany(
        """INSERT INTO learned (recipe, model, term, tried, helped, gain, author, updated_at)
           VALUES (?, ?, ?, 1, ?, ?, 'loop', ?)
           ON CONFLICT (recipe, model, term) DO UPDATE SET tried = tried + 1,
             helped = helped + excluded.helped, gain = gain + excluded.gain,
             updated_at = excluded.updated_at""",
        [
            (one.recipe, storable(one.model), storable(one.term), int(one.helped), one.gain, at)
            for one in evidence
        ],
    )


def add_learned(connection: sqlite3.Connection, recipe: str, model: str, term: str) -> int:
    """Add a term by hand, or take one over that the loop has found; return its number."""
    connection.execute(
        """INSERT INTO learned (recipe, model, term, author, updated_at)
           VALUES (?, ?, ?, 'operator', ?)
           ON CONFLICT (recipe, model, term) DO UPDATE SET author = 'operator', active = 1""",
        (recipe, model, term, now()),
    )
    sql = "SELECT id FROM learned WHERE recipe = ? AND model = ? AND term = ?"
    return int(connection.execute(sql, (recipe, model, term)).fetchone()[0])


def edit_learned(connection: sqlite3.Connection, row_id: int, term: str) -> bool:
    """Change a term; it counts as the operator's then. False if another row has the same."""
    cursor = connection.execute(
        """UPDATE OR IGNORE learned SET term = ?, author = 'operator', updated_at = ?
           WHERE id = ?""",
        (term, now(), row_id),
    )
    return cursor.rowcount > 0


def switch_learned(connection: sqlite3.Connection, row_id: int, *, active: bool) -> None:
    """Switch a term on or off."""
    connection.execute("UPDATE learned SET active = ? WHERE id = ?", (int(active), row_id))


def delete_learned(connection: sqlite3.Connection, row_id: int) -> None:
    """Delete a term with its counts."""
    connection.execute("DELETE FROM learned WHERE id = ?", (row_id,))
