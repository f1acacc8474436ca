"""Consequences of a decision before it is sent, as its recipe knows them."""

import sqlite3

from db.queries.batches import batch as read_batch
from db.queries.jobs import job as read_job
from engine.client.recipes import load_recipe
from engine.contract.recipe import decision_for
from engine.runtime.decisions import shape_of
from engine.text.terminal import clean


def consequence_of(connection: sqlite3.Connection, job_id: int, key: str) -> str:
    """Return what a decision has computed again, as a clean sentence; empty if it is not known.

    Args:
        connection: A reader.
        job_id: The job.
        key: Key of the decision.
    """
    job = read_job(connection, job_id)
    batch = read_batch(connection, job.batch_id) if job else None
    recipe = load_recipe(batch.recipe) if batch else None
    asked = decision_for(recipe, key) if recipe else None
    again = getattr(asked, "again", None)
    if job is None or batch is None or recipe is None or again is None:
        return ""
    try:
        return clean(str(again(shape_of(connection, recipe, batch, job), key)), 200)
    except Exception:  # noqa: BLE001 - a third party's recipe may fail in any way
        return ""
