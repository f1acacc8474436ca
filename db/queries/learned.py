"""Queries for what helped with a model and what never did."""

import sqlite3
from dataclasses import dataclass

from db.rows import JobRow, Row

NEVER_AFTER = 3
"""Times that a term has to be tried without help before it counts as one that never helps."""

NEVER = f"(author = 'operator' OR (tried >= {NEVER_AFTER} AND helped = 0))"
"""Condition for rows that are offered, if they are active."""


@dataclass(frozen=True, slots=True)
class LearnedRow(Row):
    """A term, and what became of it.

    Attributes:
        recipe: The recipe.
        model: Backend and model, `fal fal-ai/flux/dev`.
        term: A phrase that was added to a prompt; `no PHRASE` if to a negative prompt.
        tried: Times that it was added.
        helped: Times that the score rose by at least a point.
        gain: Sum of all gains, in points.
        active: 0 if the operator has switched it off.
        author: `loop`, or `operator` for one that was added by hand.
    """

    id: int
    recipe: str
    model: str
    term: str
    tried: int
    helped: int
    gain: float
    active: int
    author: str
    updated_at: str

    @property
    def is_offered(self) -> bool:
        """True if it is offered to the refiner as one that never helped."""
        never = self.author == "operator" or (self.tried >= NEVER_AFTER and not self.helped)
        return bool(self.active) and never


def learned(
    connection: sqlite3.Connection, model: str = "", *, all_terms: bool = False, limit: int = 500
) -> list[LearnedRow]:
    """Return terms, those without help that were tried most first.

    Args:
        connection: A reader.
        model: Only of this model, or of models with this in their name.
        all_terms: Also those that helped or were tried too seldom.
        limit: Maximum number.
    """
    where = "1" if all_terms else NEVER
    sql = f"""SELECT * FROM learned WHERE instr(model, ?) AND {where}
              ORDER BY helped > 0, tried DESC, model, term LIMIT ?"""  # noqa: S608
    return [LearnedRow.of(row) for row in connection.execute(sql, (model, limit))]


def learned_row(connection: sqlite3.Connection, row_id: int) -> LearnedRow | None:
    """Return one term."""
    row = connection.execute("SELECT * FROM learned WHERE id = ?", (row_id,)).fetchone()
    return LearnedRow.of(row) if row else None


def terms_to_avoid(
    connection: sqlite3.Connection, recipe: str, model: str, limit: int
) -> list[str]:
    """Return the terms that never helped with a model, those that were tried most first."""
    sql = f"""SELECT term FROM learned WHERE recipe = ? AND model = ? AND active AND {NEVER}
              ORDER BY author = 'operator' DESC, tried DESC, id LIMIT ?"""  # noqa: S608
    return [row[0] for row in connection.execute(sql, (recipe, model, limit))]


def jobs_to_learn(connection: sqlite3.Connection, limit: int) -> list[tuple[str, JobRow]]:
    """Return finished jobs that were not read yet, each with the name of its recipe."""
    sql = """SELECT b.recipe AS of_recipe, j.* FROM jobs j JOIN batches b ON b.id = j.batch_id
             WHERE j.learned = 0 AND j.state = 'done' ORDER BY j.id LIMIT ?"""
    return [(row["of_recipe"], JobRow.of(row)) for row in connection.execute(sql, (limit,))]
