"""A decision before it is taken back: what it says, what held before, and what it had run."""

import json
import sqlite3
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from db.queries import jobs as queries
from db.rows import DecisionRow, JobRow
from engine.text.amounts import in_words
from engine.text.errors import UserError
from engine.text.plural import pluralize
from engine.text.terminal import clean, quoted

MAX_TEXT = 20_000


class NothingToUndo(UserError):
    """A job has no decision that holds."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """A decision that would be taken back.

    Attributes:
        decision: Its number.
        key: Its key.
        value: What was decided.
        before: What holds without it: an earlier decision, or the recipe's own text; None if the
            recipe decides by itself.
        at: When it was decided, UTC in ISO 8601.
        steps: Number of finished steps that began after it; some may depend on it.
        cost: What those have cost, in micro-dollars.
        is_gate: True if it is an answer at a gate, which is then asked again.
    """

    decision: int
    key: str
    value: Any
    before: Any
    at: str
    steps: int
    cost: int
    is_gate: bool

    @property
    def sentence(self) -> str:
        """The consequences, as a sentence."""
        if self.is_gate:
            return (
                f"The answer to {clean(self.key, 120)} is taken back; it waits for approval again."
            )
        if not self.steps:
            return "Nothing ran since. Results come from the store; only what is missing runs."
        cost = f", which cost {in_words(self.cost)}," if self.cost else ""
        return (
            f"{pluralize(self.steps, 'step')} that ran since{cost} may be set aside. Results from "
            "before the decision come from the store; only what is missing runs."
        )

    @property
    def values(self) -> tuple[str, str]:
        """The decided value and the one that holds without it, as cleaned texts."""
        default = "the recipe's own choice"
        return _shown(self.value), default if self.before is None else _shown(self.before)

    def changes(self) -> list[tuple[str, str]]:
        """Return the text that holds then, against the decided one: `=`, `-` or `+`, and words."""
        gone, comes = self.values
        if not (isinstance(self.value, str) and isinstance(self.before, str)):
            return [("-", gone), ("+", comes)]
        return word_changes(gone, comes)


def word_changes(old: str, new: str) -> list[tuple[str, str]]:
    """Return the difference of two texts by words: `=`, `-` or `+`, and the words."""
    one, other = old.split(), new.split()
    changes: list[tuple[str, str]] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            changes.append(("=", " ".join(one[a:b])))
            continue
        changes += [("-", " ".join(one[a:b]))] * (b > a) + [("+", " ".join(other[c:d]))] * (d > c)
    return changes


def undoing_of(connection: sqlite3.Connection, job: JobRow, key: str = "") -> Undoing:
    """Return the latest decision of a job that holds, or that of a key, before it is taken back.

    Raises:
        NothingToUndo: There is none.
    """
    decision = queries.newest_decision(connection, job.id, key)
    if decision is None:
        of = f" about {quoted(key)}" if key else ""
        raise NothingToUndo(f"j{job.id} has no decision{of} to undo.")
    value = json.loads(decision.value)
    sql = """SELECT count(*), coalesce(sum(cost), 0) FROM steps WHERE job_id = ? AND state = 'done'
             AND superseded_at IS NULL AND operation != 'approve' AND started_at >= ?"""
    steps, cost = connection.execute(sql, (job.id, decision.created_at)).fetchone()
    return Undoing(
        decision.id,
        decision.key,
        value,
        _before(connection, job, decision),
        decision.created_at,
        steps,
        cost,
        is_gate=isinstance(value, dict) and "approved" in value,
    )


def _before(connection: sqlite3.Connection, job: JobRow, decision: DecisionRow) -> Any:
    """Return what holds without a decision, as far as the store knows it."""
    rows = queries.decision_rows(connection, job.id)
    held = [row for row in rows if row.undone_at is None and row.key == decision.key]
    for earlier, later in pairwise(held):
        if later.id == decision.id:
            return json.loads(earlier.value)
    scope, _, name = decision.key.rpartition("/")
    if name != "prompt":
        return None
    texts = [
        request["prompt"]
        for step in queries.steps(connection, job.id)
        if step.scope == scope and step.started_at < decision.created_at
        if isinstance((request := json.loads(step.request)).get("prompt"), str)
    ]
    return texts[-1] if texts else None


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text, MAX_TEXT, keep_newlines=True)
