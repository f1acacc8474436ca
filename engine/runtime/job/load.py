"""Loading of runs from rows: shared parts of a batch, and recorded steps of a job."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel

from db.rows import BatchRow, JobRow
from engine.contract import AnyAgent, Backend, Blocked, ChatBackend
from engine.contract.recipe import AnyRecipe, Catalog
from engine.runtime.step.fingerprint import Identity
from engine.runtime.step.job_state import BatchState, JobState, StepRecord

LATER = "download_hosts"
"""Setting of a backend that can be extended for batches already queued."""


def load_batch(
    row: BatchRow,
    catalog: Catalog,
    environment: Mapping[str, str],
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> BatchState:
    """Return recipe, settings and backends of the batch's snapshot.

    Args:
        row: The batch.
        catalog: Recipes and backends.
        environment: Environment with the keys.
        options: The workspace's settings of backends now, by name. Only the hosts of finished files
            are taken from them: a file that was refused can be fetched once its host is added.

    Raises:
        Blocked: A recipe or backend of the snapshot is not installed here.
    """
    snapshot = json.loads(row.snapshot)
    try:
        described = snapshot["backends"]
        recipe = catalog.recipe(row.recipe)
        settings = recipe.settings.model_validate_json(row.settings)
        backends: dict[str, list[Backend]] = {
            capability: [
                catalog.backend(capability, one["name"], _settings_of(one, options), environment)
                for one in in_order(first)
            ]
            for capability, first in described.items()
        }
        prepared = _prepared(recipe, row)
    except (KeyError, ValueError, ImportError, AttributeError) as error:
        raise Blocked(
            f"Batch b{row.id} was queued with something that this Safelight does not have: "
            f"{error}.",
            reason="backend",
            remedy="Install it, then resume the batch; or cancel the batch.",
        ) from error
    return BatchState(
        row,
        recipe,
        settings,
        {capability: chain[0] for capability, chain in backends.items()},
        _identities(described, backends),
        {capability: tuple(chain[1:]) for capability, chain in backends.items() if chain[1:]},
        prepared,
    )


def _identities(
    described: Mapping[str, Any], backends: Mapping[str, list[Backend]]
) -> dict[tuple[str, str], Identity]:
    """Return the identities of a batch's backends, by capability and name."""
    return {
        (capability, backend.info.name): Identity(
            one["name"],
            one["model"],
            one["version"],
            one.get("versions", {}),
            one.get("agents"),
        )
        for capability, first in described.items()
        for backend, one in zip(backends[capability], in_order(first), strict=True)
    }


def _prepared(recipe: AnyRecipe, row: BatchRow) -> BaseModel | None:
    """Return the result of a batch's first steps; None if it has none."""
    before = recipe.before
    if before is None or row.before_result is None:
        return None
    prepared: BaseModel = before.result.model_validate_json(row.before_result)
    return prepared


def _settings_of(
    described: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]] | None
) -> Mapping[str, Any]:
    """Return a backend's settings in the snapshot, with the hosts that were added since."""
    kept: Mapping[str, Any] = described["settings"]
    added = (options or {}).get(described["name"], {}).get(LATER)
    if LATER not in kept or not isinstance(added, list):
        return kept
    return {**kept, LATER: [*kept[LATER], *(host for host in added if isinstance(host, str))]}


def in_order(first: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the backends of a capability in a snapshot, in the order in which they are asked."""
    return [first, *first.get("fallbacks", ())]


def one_of_snapshot(
    backend: Backend, settings: Any, agents: Iterable[AnyAgent] = ()
) -> dict[str, Any]:
    """Return what a batch keeps of one backend.

    Args:
        backend: The backend.
        settings: Its settings.
        agents: Agents of the recipe that it runs.
    """
    chat = cast("ChatBackend", backend)
    return {
        "name": backend.info.name,
        "model": backend.info.model,
        "version": backend.info.version,
        "digital_source": backend.info.digital_source,
        "agents": {agent.id: chat.version_of(agent) for agent in agents},
        "settings": settings,
    }


def snapshot_of(chosen: Mapping[str, list[dict[str, Any]]], version: str) -> dict[str, Any]:
    """Return what a batch keeps of the backends that it was queued with.

    Args:
        chosen: What it keeps of each backend of a capability, in the order in which they are
            asked.
        version: Version of Safelight.
    """
    return {
        "safelight": version,
        "backends": {
            capability: first | ({"fallbacks": others} if others else {})
            for capability, (first, *others) in chosen.items()
        },
    }


_MEMOS = """
SELECT s.key, s.fingerprint, s.superseded_at, s.inherited, e.kind, e.message, e.remedy,
       s.id, s.state, s.result, s.request_id, s.attempts, s.error_id
FROM steps s LEFT JOIN errors e ON e.id = s.error_id
WHERE s.job_id = ?
"""

_BATCH_MEMOS = _MEMOS.replace(
    "s.job_id = ?", "s.batch_id = ? AND s.job_id IS NULL AND substr(s.key, 1, ?) = ?"
)


def load_job(
    connection: sqlite3.Connection, job: JobRow, batch: BatchState, decided: dict[str, list[Any]]
) -> JobState:
    """Return a run of a claimed job, with all its recorded steps, in one query.

    Args:
        connection: A connection to the store.
        job: The job.
        batch: Parts shared by the jobs of its batch.
        decided: Decisions of operators about it, newest first, by key.
    """
    # At first it has no steps.
    records = _records(connection, _MEMOS, (job.id,)) if job.starts > 1 else {}
    return JobState(job, batch, records, Counter(key for key, _ in records), decided)


def load_batch_steps(connection: sqlite3.Connection, batch: BatchState, scope: str) -> JobState:
    """Return a run of a batch's own steps, with all their records.

    Its job is not in the store: its number is the batch's, negated.

    Args:
        connection: A connection to the store.
        batch: The batch.
        scope: Scope of the steps: `before` or `after`.
    """
    records = _records(connection, _BATCH_MEMOS, (batch.row.id, len(scope) + 1, f"{scope}/"))
    return JobState(
        _batch_as_job(batch.row), batch, records, Counter(key for key, _ in records), {}
    )


def _batch_as_job(row: BatchRow) -> JobRow:
    return JobRow(
        id=-row.id,
        batch_id=row.id,
        position=0,
        key=row.name,
        state="running",
        reason=None,
        lane=None,
        message=None,
        priority=0,
        seed=row.seed,
        input="{}",
        output=row.outputs,
        stage=None,
        iterations=0,
        score=None,
        cost=0,
        starts=2,  # its calls may have crashed an engine
        result=None,
        error_id=None,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=None,
    )


def _records(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...]
) -> dict[tuple[str, str], StepRecord]:
    """Return the recorded steps of a query, by key and fingerprint."""
    records: dict[tuple[str, str], StepRecord] = {}
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a job may have tens of thousands of steps
    for key, print_, superseded_at, inherited, kind, message, remedy, *plain in cursor.execute(
        sql, values
    ):
        record = records[key, print_] = StepRecord(*plain)  # its first fields, in their order
        if record.state == "failed" and kind is not None:
            record.error = (kind, message, remedy)
        record.superseded, record.inherited = superseded_at is not None, bool(inherited)
    return records
