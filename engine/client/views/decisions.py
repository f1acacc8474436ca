"""Decisions of an operator about a job, and the decisions that are possible.

A recipe defines the keys of its decisions, as patterns in `Recipe.decisions`. The dashboard offers
two kinds of them, by the last part of the key: `select`, the number of one of the scopes beside it,
and `prompt`, a text.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from db.queries import inspect
from db.queries.jobs import newest_decision
from engine.contract.recipe import is_asked
from engine.text.figures import clock
from engine.text.terminal import clean

SELECT, PROMPT = "select", "prompt"

Choices = Sequence[tuple[str, str]]
"""Keys of decisions whose scopes are not beside them, each with the pattern of its scopes."""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One decision in force, cleaned.

    Attributes:
        key: Its key.
        value: Its value as text.
        author: Its author.
        at: Its stored time.
    """

    key: str
    value: str
    author: str
    at: str

    @property
    def scope(self) -> str:
        """The scope that it applies to."""
        return self.key.rpartition("/")[0]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}  {self.author} {clock(self.at)}"


def decisions_of(connection: sqlite3.Connection, job_id: int) -> tuple[DecisionLine, ...]:
    """Return the decisions of a job that are in force, oldest first."""
    return tuple(
        DecisionLine(
            clean(d.key, 120), clean(d.value, 500), clean(d.author, 40), clean(d.created_at)
        )
        for d in inspect.decisions_of(connection, job_id)
    )


def picked(
    scopes: Iterable[str], decided: Sequence[DecisionLine], choices: Choices = ()
) -> frozenset[str]:
    """Return scopes chosen by an operator: `select` beside them has their number.

    Args:
        scopes: Scopes of a job.
        decided: Its decisions, oldest first.
        choices: Keys of decisions whose scopes are elsewhere, with the pattern of the scopes.
    """
    values = {d.key: d.value for d in decided}
    picks = {(d.scope, d.value) for d in decided if d.key.rpartition("/")[2] == SELECT}
    picks -= {(key.rpartition("/")[0], values.get(key, "")) for key, _ in choices}
    return frozenset(
        scope
        for scope in scopes
        for parent, number in [(scope.rpartition("/")[0], scope.rpartition("-")[2])]
        if (parent, number) in picks
        or any(values.get(key) == number and is_asked(scope, (of,)) for key, of in choices)
    )


def outdated(
    steps: Sequence[inspect.StepLine], decided: Sequence[DecisionLine], state: str
) -> frozenset[int]:
    """Return steps of a job whose results may be replaced because of the newest decision.

    Args:
        steps: The job's current steps, oldest first.
        decided: Its decisions, oldest first.
        state: Its state; once it has ended again, its results are final.
    """
    if not decided or state in {"done", "failed", "cancelled"}:
        return frozenset()
    newest = decided[-1]
    inside = [step.id for step in steps if f"{step.scope}/".startswith(f"{newest.scope}/")]
    since = min(inside, default=0) if newest.scope else 0
    before = (step.id for step in steps if step.finished_at and step.finished_at < newest.at)
    return frozenset(step for step in before if step >= since)


def key_to_select(
    scope: str, patterns: Sequence[str], choices: Choices = ()
) -> tuple[str, int] | None:
    """Return key and value of the decision that takes one of several scopes; None if impossible.

    Args:
        scope: The scope to take, for example `scene-2/variation-3`.
        patterns: The recipe's decisions, for example `scene-*/select`.
        choices: Keys of decisions whose scopes are elsewhere, with the pattern of the scopes.
    """
    parent, _, name = scope.rpartition("/")
    number = name.rpartition("-")[2]
    key = f"{parent}/{SELECT}" if parent else SELECT
    elsewhere = next((name for name, of in choices if is_asked(scope, (of,))), None)
    if elsewhere is not None:
        return (elsewhere, int(number)) if number.isdecimal() else None
    if key in {name for name, _ in choices}:
        return None
    if not number.isdecimal() or not is_asked(key, patterns):
        return None
    return key, int(number)


def key_of_prompt(scope: str, patterns: Sequence[str]) -> str | None:
    """Return the key of the decision for the prompt of a scope or of its nearest ancestor."""
    while scope:
        key = f"{scope}/{PROMPT}"
        if is_asked(key, patterns):
            return key
        scope = scope.rpartition("/")[0]
    return PROMPT if is_asked(PROMPT, patterns) else None


def texts_of(scope: str, patterns: Choices) -> dict[str, str]:
    """Return the decisions on texts of a scope, or of its nearest ancestor that has some.

    Args:
        scope: The scope, for example `section-3/image-1`.
        patterns: Keys of the recipe's decisions on texts, as patterns, with their hints.

    Returns:
        The keys with their hints.
    """
    while scope:
        keys = {
            f"{scope}/{pattern.rpartition('/')[2]}": (pattern, hint) for pattern, hint in patterns
        }
        texts = {key: hint for key, (pattern, hint) in keys.items() if is_asked(key, (pattern,))}
        if texts:
            return texts
        scope = scope.rpartition("/")[0]
    return {}


def decided_text(connection: sqlite3.Connection, job_id: int, key: str) -> str:
    """Return the text that was decided for a key, in full, cleaned; empty if none was."""
    decision = newest_decision(connection, job_id, key)
    try:
        text = json.loads(decision.value) if decision else ""
    except ValueError:
        return ""
    return clean(text, None, keep_newlines=True) if isinstance(text, str) else ""


def text_in_force(
    connection: sqlite3.Connection,
    job_id: int,
    key: str,
    painted: Callable[[sqlite3.Connection], str] | None = None,
) -> str:
    """Return the text that an editor starts from: as decided, else as the recipe has it now.

    Args:
        connection: A reader.
        job_id: The job.
        key: Key of the decision.
        painted: Reads the prompt that the part was painted from, if nothing else is known.
    """
    from engine.client.consequences import present_of  # not for the first paint

    text = decided_text(connection, job_id, key) or present_of(connection, job_id, key)
    if not text and painted is not None and key.rpartition("/")[2] == PROMPT:
        return painted(connection)
    return text


def _before_scope(connection: sqlite3.Connection, job_id: int, key: str) -> int:
    """Return the number of the step before the first of the scope that a key is in."""
    scope = key.rpartition("/")[0]
    steps = (
        step.id
        for step in inspect.step_lines(connection, job_id)
        if f"{step.scope}/".startswith(f"{scope}/")
    )
    return min(steps, default=0) - 1


def following_of(
    connection: sqlite3.Connection, job_id: int, step_id: int | None, key: str
) -> tuple[inspect.LaterSteps, str]:
    """Return the work since a step, and what the recipe says that a decision computes again."""
    from engine.client.consequences import consequence_of  # not for the first paint

    if step_id is None:
        step_id = _before_scope(connection, job_id, key)
    later = inspect.following(connection, job_id, step_id)
    return later, consequence_of(connection, job_id, key) if later.steps else ""
