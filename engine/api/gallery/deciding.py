"""Decisions before they are sent: the text in force, and what is computed again."""

import sqlite3
from dataclasses import dataclass
from functools import partial

from engine.api.gallery.parts import Changes
from engine.client.undoing import word_changes
from engine.client.views.decisions import following_of, key_to_select, text_in_force
from engine.client.views.job_tree import prompt_of, read_tree
from engine.client.views.recipe_info import Headlines, RecipeInfo
from engine.contract.recipe import is_asked
from engine.text import figures
from engine.text.plural import pluralize

MAX_TEXT = 20_000
"""Characters of a text that is decided on a page, at most."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The consequences of a decision.

    Attributes:
        title: The question.
        sentence: What runs again, and what that has cost so far.
        changes: How the text differs from the one in force.
        steps: Number of finished steps that may run again.
    """

    title: str
    sentence: str
    changes: Changes = ()
    steps: int = 0


def hint_of(key: str, scale: RecipeInfo) -> str | None:
    """Return the hint on texts of a decision; None if the recipe does not ask for such a text."""
    return next((hint for pattern, hint in scale.texts if is_asked(key, (pattern,))), None)


def text_now(connection: sqlite3.Connection, job_id: int, key: str) -> str:
    """Return the text that an editor starts from."""
    scope = key.rpartition("/")[0]
    return text_in_force(connection, job_id, key, partial(_painted, job_id=job_id, scope=scope))


def _painted(connection: sqlite3.Connection, job_id: int, scope: str) -> str:
    return prompt_of(connection, job_id, scope)


def preview_of_text(connection: sqlite3.Connection, job_id: int, key: str, text: str) -> Preview:
    """Return the consequences of deciding a text."""
    later, again = following_of(connection, job_id, None, key)
    before = text_now(connection, job_id, key)
    compared = before and text and len(before) <= MAX_TEXT  # more takes long
    changes = tuple(word_changes(before, text)) if compared else ()
    return Preview(
        "Decide this text?", _sentence(later.steps, later.cost, again), changes, later.steps
    )


def preview_of_choice(
    connection: sqlite3.Connection, job_id: int, key: str, number: int, headlines: Headlines
) -> Preview:
    """Return the consequences of choosing one of several parts."""
    tree = read_tree(connection, job_id, headlines, 60)
    nodes = [] if tree is None else [node for node in tree.nodes if node.id < 0]
    scale = tree.scale if tree else RecipeInfo()
    since = None
    title = str(number)
    for node in nodes:
        if key_to_select(node.scope, scale.decisions, scale.choices) == (key, number):
            since, title = node.steps[-1], node.label
    later, again = following_of(connection, job_id, since, key)
    return Preview(f"Choose {title}?", _sentence(later.steps, later.cost, again), (), later.steps)


def _sentence(steps: int, cost: int, again: str) -> str:
    if not steps:
        return "Nothing that is finished runs again."
    spent = f", which cost {figures.money(cost)} so far" if cost else ", which cost nothing so far"
    return f"Dependent steps run again: at most {pluralize(steps, 'step')}{spent}. {again}".rstrip()
