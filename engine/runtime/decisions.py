"""Checks of a decision against the job that it is about, before it is stored."""

import sqlite3
from typing import Any

from db.queries import jobs as queries
from db.rows import Batch, Job
from engine.contract.decisions import PROMPT, SELECT, JobShape, written
from engine.contract.recipe import AnyRecipe


def shape_of(connection: sqlite3.Connection, recipe: AnyRecipe, batch: Batch, job: Job) -> JobShape:
    """The shape of a job now.

    Raises:
        ValueError: Its input or its batch's settings do not fit the recipe.
    """
    return JobShape(
        job,
        recipe.input.model_validate_json(job.input),
        recipe.settings.model_validate_json(batch.settings),
        [step for step in queries.steps(connection, job.id) if step.superseded_at is None],
    )


def trouble_with(recipe: AnyRecipe, shape: JobShape, key: str, value: Any) -> str:
    """Why a decision does not fit a job, as a sentence; empty where it does."""
    if not recipe.decisions:
        return ""  # the recipe does not say what it asks for; it looks at the type by itself
    kind = key.rpartition("/")[2]
    trouble = ""
    if kind == PROMPT:
        trouble = _trouble_with_text(value)
    elif kind == SELECT:
        trouble = _trouble_with_number(value)
    if trouble:
        return f"{key} {trouble}."
    return recipe.check_decision(shape, key, value) if recipe.check_decision else ""


def _trouble_with_text(value: Any) -> str:
    if not isinstance(value, str):
        return f"is a text, and {written(value)} is none"
    if "\0" in value or not _is_unicode(value):
        return "must be text without NUL and without halves of characters"
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _trouble_with_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return f"is a whole number from 0, and {written(value)} is none"
    return ""
