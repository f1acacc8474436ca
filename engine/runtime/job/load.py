"""From rows to runs: what a batch's jobs share, and what the store knows of a job's steps."""

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any

from db.rows import BatchRow, JobRow
from engine.contract import Backend, Blocked
from engine.contract.recipe import Catalog
from engine.runtime.step.fingerprint import Identity
from engine.runtime.step.job_state import BatchState, JobState, StepRecord

LATER = "download_hosts"
"""The setting of a backend that may be added to for batches that are queued already."""


def load_batch(
    row: BatchRow,
    catalog: Catalog,
    environment: Mapping[str, str],
    own: Mapping[str, Mapping[str, Any]] | None = None,
) -> BatchState:
    """Recipe, settings and backends as the batch's snapshot says.

    Args:
        row: The batch.
        catalog: Where recipes and backends are found.
        environment: Where keys are.
        own: The workspace's settings of backends now, by name. Only the hosts of finished files
            are taken from them: a file that was refused can be fetched once its host is added.

    Raises:
        Blocked: A recipe or backend of the snapshot is not installed here.
    """
    snapshot = json.loads(row.snapshot)
    try:
        recipe = catalog.recipe(row.recipe)
        settings = recipe.settings.model_validate_json(row.settings)
        backends: dict[str, list[Backend]] = {
            capability: [
                catalog.backend(capability, made["name"], _settings_of(made, own), environment)
                for made in in_order(first)
            ]
            for capability, first in snapshot["backends"].items()
        }
    except (KeyError, ValueError, ImportError, AttributeError) as error:
        raise Blocked(
            f"Batch b{row.id} was queued with something that this Safelight does not have: "
            f"{error}.",
            reason="backend",
            remedy="Install it, then resume the batch; or cancel the batch.",
        ) from error
    identities: dict[tuple[str, str], Identity] = {
        (capability, backend.info.name): Identity(
            made["name"], made["model"], made["version"], made.get("versions", {})
        )
        for capability, first in snapshot["backends"].items()
        for backend, made in zip(backends[capability], in_order(first), strict=True)
    }
    return BatchState(
        row,
        recipe,
        settings,
        {capability: found[0] for capability, found in backends.items()},
        identities,
        {capability: tuple(found[1:]) for capability, found in backends.items() if found[1:]},
    )


def _settings_of(
    made: Mapping[str, Any], own: Mapping[str, Mapping[str, Any]] | None
) -> Mapping[str, Any]:
    """A backend's settings in the snapshot, with the hosts that were added since."""
    kept: Mapping[str, Any] = made["settings"]
    added = (own or {}).get(made["name"], {}).get(LATER)
    if LATER not in kept or not isinstance(added, list):
        return kept
    return {**kept, LATER: [*kept[LATER], *(host for host in added if isinstance(host, str))]}


def in_order(first: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a snapshot says of a capability's backends, in the order in which they are asked."""
    return [first, *first.get("fallbacks", ())]


def one_of_snapshot(backend: Backend, settings: Any) -> dict[str, Any]:
    """What a batch keeps of one backend."""
    info, versions = backend.info, dict(backend.info.versions)
    return ({"versions": versions} if versions else {}) | {
        "name": info.name,
        "model": info.model,
        "version": info.version,
        "settings": settings,
    }


def snapshot_of(
    backends: Mapping[str, Backend],
    settings: Mapping[str, Any],
    version: str,
    fallbacks: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """What a batch keeps of the backends that it was queued with."""
    return {
        "safelight": version,
        "backends": {
            capability: one_of_snapshot(backend, settings[capability])
            | ({"fallbacks": fallbacks[capability]} if fallbacks.get(capability) else {})
            for capability, backend in backends.items()
        },
    }


_MEMOS = """
SELECT s.key, s.fingerprint, s.superseded_at, e.kind, e.message, e.remedy,
       s.id, s.state, s.result, s.request_id, s.attempts, s.error_id
FROM steps s LEFT JOIN errors e ON e.id = s.error_id
WHERE s.job_id = ?
"""


def load_job(
    connection: sqlite3.Connection, job: JobRow, batch: BatchState, decided: dict[str, list[Any]]
) -> JobState:
    """A run of a job that was claimed, with all that the store knows of its steps, in one query.

    Args:
        connection: A connection to the store.
        job: The job.
        batch: What it shares with the other jobs of its batch.
        decided: What operators decided about it, newest first, by key.
    """
    memos = _memos(connection, job.id) if job.starts > 1 else {}  # at first it has no steps
    return JobState(job, batch, memos, Counter(key for key, _ in memos), decided)


def _memos(connection: sqlite3.Connection, job_id: int) -> dict[tuple[str, str], StepRecord]:
    """What the store knows of a job's steps, by key and fingerprint."""
    memos: dict[tuple[str, str], StepRecord] = {}
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a job may have tens of thousands of steps
    for key, print_, superseded_at, kind, message, remedy, *plain in cursor.execute(
        _MEMOS, (job_id,)
    ):
        memo = memos[key, print_] = StepRecord(*plain)  # its first fields, in their order
        if memo.state == "failed" and kind is not None:
            memo.error = (kind, message, remedy)
        memo.superseded = superseded_at is not None
    return memos
