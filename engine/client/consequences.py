"""Consequences of a decision before it is sent, and the text in force, as a recipe knows them."""

import sqlite3
from collections.abc import Callable
from typing import Any

from db.queries.batches import batch as read_batch
from db.queries.jobs import job as read_job
from engine.client.ids import resolve
from engine.client.opened import OpenedWorkspace
from engine.client.recipes import load_recipe
from engine.contract.recipe import can_decide, decision_for, not_asked
from engine.runtime.decisions import shape_of, trouble_with
from engine.text.terminal import clean


def consequence_of(connection: sqlite3.Connection, job_id: int, key: str) -> str:
    """Return what a decision has computed again, as a clean sentence; empty if it is not known.

    Args:
        connection: A reader.
        job_id: The job.
        key: Key of the decision.
    """
    return clean(_asked(connection, job_id, key, "again"), 200)


def present_of(connection: sqlite3.Connection, job_id: int, key: str) -> str:
    """Return the text that a job has now for a decision, clean; empty if it is not known.

    Args:
        connection: A reader.
        job_id: The job.
        key: Key of the decision.
    """
    return clean(_asked(connection, job_id, key, "present"), None, keep_newlines=True)


def _asked(connection: sqlite3.Connection, job_id: int, key: str, name: str) -> str:
    """Return what a function of a decision's declaration returns; empty without one."""
    job = read_job(connection, job_id)
    batch = read_batch(connection, job.batch_id) if job else None
    recipe = load_recipe(batch.recipe) if batch else None
    asked = decision_for(recipe, key) if recipe else None
    function: Callable[[Any, str], str] | None = getattr(asked, name, None)
    if job is None or batch is None or recipe is None or function is None:
        return ""
    try:
        return str(function(shape_of(connection, recipe, batch, job), key))
    except Exception:  # noqa: BLE001 - a third party's recipe may fail in any way
        return ""


def refusal_of_key(workspace: OpenedWorkspace, job: str, key: str) -> str:
    """Return why a decision would change nothing: the recipe never asks for it; else empty.

    It is empty too if the recipe is not installed here, which the engine says.

    Args:
        workspace: The workspace.
        job: The job or its batch, as a user writes it.
        key: Key of the decision.

    Raises:
        UnknownId: There is no such job.
    """
    from engine.plugins.catalog import UnknownName

    with workspace.reading() as connection:
        named = resolve(connection, job)
    try:
        recipe = workspace.catalog.recipe(named.batch.recipe)
    except UnknownName:
        return ""
    return "" if can_decide(recipe, key) else not_asked(recipe, key)


def refusal_of_decision(connection: sqlite3.Connection, job_id: int, key: str, value: Any) -> str:
    """Return why a decision does not fit a job, as a clean sentence; empty if it may be sent.

    Args:
        connection: A reader.
        job_id: The job.
        key: Key of the decision.
        value: Its value.
    """
    job = read_job(connection, job_id)
    batch = read_batch(connection, job.batch_id) if job else None
    recipe = load_recipe(batch.recipe) if batch else None
    if job is None or batch is None or recipe is None:
        return ""
    if not can_decide(recipe, key):
        return clean(not_asked(recipe, key), 400)
    try:
        return clean(
            trouble_with(recipe, shape_of(connection, recipe, batch, job), key, value), 400
        )
    except Exception:  # noqa: BLE001 - a third party's recipe may fail in any way
        return ""
