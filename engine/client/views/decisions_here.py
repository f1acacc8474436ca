"""Decisions that are possible about some scopes of a job, each with what it computes again."""

import sqlite3
from collections.abc import Sequence

from db.queries import inspect
from engine.client.views.decisions import SELECT
from engine.client.views.recipe_info import RecipeInfo
from engine.contract.recipe import is_asked


def decisions_here(
    connection: sqlite3.Connection, job_id: int, scopes: Sequence[str], scale: RecipeInfo
) -> dict[str, str]:
    """Return keys of decisions, each with what it computes again and a hint.

    Args:
        connection: A reader.
        job_id: The job.
        scopes: The scopes.
        scale: The recipe of the job.
    """
    from engine.client.consequences import consequence_of  # not for the first paint

    keys: dict[str, str] = {}
    for scope in scopes:
        keys |= _texts(scope, scale)
        candidates = _numbers(connection, job_id, scope)
        if len(candidates) > 1 and is_asked(f"{scope}/{SELECT}", scale.decisions):
            keys[f"{scope}/{SELECT}"] = f"one of {', '.join(map(str, candidates))}"
    again = {key: consequence_of(connection, job_id, key) for key in keys}
    return {key: f"{again[key]}  {hint}".strip() for key, hint in keys.items()}


def _texts(scope: str, scale: RecipeInfo) -> dict[str, str]:
    named = {f"{scope}/{pattern.rpartition('/')[2]}": (pattern, h) for pattern, h in scale.texts}
    return {key: hint for key, (pattern, hint) in named.items() if is_asked(key, (pattern,))}


def _numbers(connection: sqlite3.Connection, job_id: int, scope: str) -> list[int]:
    """Return the numbers of the scopes directly inside a scope."""
    inside = (
        step.scope.removeprefix(f"{scope}/").partition("/")[0]
        for step in inspect.step_lines(connection, job_id)
        if step.scope.startswith(f"{scope}/")
    )
    numbers = {name.rpartition("-")[2] for name in inside}
    return sorted(int(number) for number in numbers if number.isdecimal())
