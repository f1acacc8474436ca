"""Checks of a decision against the job that it is about, before it is stored."""

import sqlite3
from typing import Any

from db.queries import jobs as queries
from db.queries.batches import batch_of
from db.rows import BatchRow, JobRow
from engine.contract.decisions import JobShape
from engine.contract.recipe import AnyRecipe, decision_for


def shape_of(
    connection: sqlite3.Connection, recipe: AnyRecipe, batch: BatchRow, job: JobRow
) -> JobShape:
    """Return the present shape of a job.

    Raises:
        ValueError: Its input or its batch's settings do not fit the recipe.
    """
    return JobShape(
        job,
        recipe.input.model_validate_json(job.input),
        recipe.settings.model_validate_json(batch_of(connection, batch, job.variant).settings),
        [step for step in queries.steps(connection, job.id) if step.superseded_at is None],
    )


def trouble_with(recipe: AnyRecipe, shape: JobShape, key: str, value: Any) -> str:
    """Return why a decision does not fit a job, as a sentence; empty if it does."""
    if not recipe.decisions:
        return ""  # the recipe does not say what it asks for; it looks at the type by itself
    asked = decision_for(recipe, key)
    if asked is None:
        return ""
    if trouble := asked.problem(value):
        return f"{key} {trouble}."
    return asked.check(shape, key, value) if asked.check else ""
