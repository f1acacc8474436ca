"""Learning from finished jobs, and settings that get what was learned."""

import logging
import sqlite3
from functools import partial
from typing import Any

from db.queries.learned import jobs_to_learn, terms_to_avoid
from db.rows import JobRow
from db.store import Store
from db.writes.learned import NewEvidence, add_evidence
from engine.contract import Backend
from engine.contract.recipe import AnyRecipe, Catalog

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Jobs that are read in one transaction."""

WHEN_QUEUEING = 400
"""Maximum number of jobs that are read when a batch is queued."""

HELPS_FROM = 1.0
"""Points that the score has to rise by for a change to have helped."""


def learn(store: Store, catalog: Catalog, most: int = WHEN_QUEUEING) -> int:
    """Read finished jobs that were not read yet; return how many.

    Args:
        store: The store.
        catalog: Recipes.
        most: Maximum number.
    """
    done = 0
    while done < most:
        reader = store.reader()
        try:
            jobs = jobs_to_learn(reader, min(AT_ONCE, most - done))
            evidence = [one for name, job in jobs for one in _shown(reader, catalog, name, job)]
        finally:
            reader.close()
        if not jobs:
            break
        ids = [job.id for _, job in jobs]
        with store.intake() as write:
            write(partial(add_evidence, job_ids=ids, evidence=evidence))
        done += len(jobs)
    return done


def _shown(
    reader: sqlite3.Connection, catalog: Catalog, name: str, job: JobRow
) -> list[NewEvidence]:
    """Return what a job has shown; nothing if its recipe does not learn or is not here."""
    try:
        learner = catalog.recipe(name).learner
        if learner is None:
            return []
        return [
            NewEvidence(name, one.model, one.term, one.gain >= HELPS_FROM, one.gain)
            for one in learner.read(reader, job)
        ]
    except (KeyError, ValueError) as error:
        log.debug("nothing is learned of j%d: %s", job.id, error)
        return []


def with_learned(
    recipe: AnyRecipe, settings: Any, backends: dict[str, Backend], store: Store
) -> Any:
    """Return settings with the terms that never helped, if they are to have them.

    Args:
        recipe: The recipe.
        settings: Its settings.
        backends: The first backend of each capability.
        store: The store.
    """
    learner = recipe.learner
    if (
        learner is None
        or getattr(settings, learner.setting)
        or not getattr(settings, learner.switch)
    ):
        return settings
    backend = backends.get(learner.capability)
    if backend is None:
        return settings
    model = f"{backend.info.name} {backend.info.model}"
    reader = store.reader()
    try:
        terms = terms_to_avoid(reader, recipe.name, model, learner.most)
    finally:
        reader.close()
    return settings.model_copy(update={learner.setting: tuple(terms)}) if terms else settings
