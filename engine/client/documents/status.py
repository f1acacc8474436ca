"""State of a workspace at one moment: the engine, lanes, hosts and batches."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from db.queries import batches as queries
from db.queries.controls import is_paused
from db.queries.gates import waiting_gates_of_batch
from db.queries.jobs import jobs_page
from db.queries.ratings import count_ratings
from db.queries.upkeep import held_results
from db.rows import BatchRow, HostRow, JobRow, LaneRow
from db.writes.engines import DRAINING
from engine.client.ids import batch_name
from engine.client.suspended import is_suspended
from engine.client.workspace import Workspace
from engine.text.amounts import dollars


@dataclass(frozen=True, slots=True)
class WorkspaceStatus:
    """State of a workspace at one moment.

    Attributes:
        engine: Pid and host of the engine, None if no engine runs.
        lanes: The lanes as an engine last reported them.
        batches: The newest batches, newest first.
        best: The best headline score of each batch by its number.
        waiting: One parked job of each batch that has any.
        hosts: The model hosts of the engine that runs.
        suspended: True if the engine's process is suspended.
        at_gates: Numbers of the batches whose end waits for an approval.
        paused: True while everything is paused.
        draining: True if the engine stops once its running jobs have ended.
        archived: Number of archived batches that are left out.
        rated: Number of jobs by rating, of each batch by its number.
        held: Number of results that wait until their files are in the object store.
    """

    engine: tuple[int, str] | None
    lanes: list[LaneRow]
    batches: list[BatchRow]
    best: dict[int, float | None]
    waiting: list[JobRow]
    hosts: list[HostRow] = field(default_factory=list)
    suspended: bool = False
    at_gates: frozenset[int] = frozenset()
    paused: bool = False
    draining: bool = False
    archived: int = 0
    rated: dict[int, dict[str, int]] = field(default_factory=dict)
    held: int = 0


def read_status(
    workspace: Workspace, connection: sqlite3.Connection, limit: int, *, archived: bool = False
) -> WorkspaceStatus:
    """Read the present state, with one short read per batch."""
    batches = queries.batches(connection, limit, archived=archived)
    engine = workspace.engine_process()
    return WorkspaceStatus(
        engine=engine,
        lanes=queries.lanes(connection),
        hosts=queries.hosts(connection) if engine else [],
        batches=batches,
        archived=0 if archived else queries.count_archived(connection),
        rated=count_ratings(connection, [batch.id for batch in batches]),
        held=held_results(connection),
        suspended=is_suspended(engine),
        paused=is_paused(connection),
        draining=engine is not None and _drains(connection),
        at_gates=frozenset(
            batch.id
            for batch in batches
            if batch.finish == "parked" and waiting_gates_of_batch(connection, batch.id)
        ),
        best={
            batch.id: queries.best_score(
                connection, batch.id, higher_is_better=higher_is_better(workspace, batch.recipe)
            )
            for batch in batches
        },
        waiting=[
            job
            for batch in batches
            if batch.parked
            for job in jobs_page(connection, batch.id, limit=1, state="parked")
        ],
    )


def _drains(connection: sqlite3.Connection) -> bool:
    row = queries.running_engine(connection)
    return row is not None and row.state == DRAINING


def higher_is_better(workspace: Workspace, recipe: str) -> bool:
    """Return True if higher scores of a recipe are better, or if it is not installed."""
    try:
        return workspace.catalog.recipe(recipe).headline.higher_is_better
    except (KeyError, ImportError, AttributeError):
        return True


def status_document(state: WorkspaceStatus) -> dict[str, Any]:
    """Return the status as `--json` prints it; its fields are in `docs/cli.md`."""
    return {
        "engine": engine_document(state),
        "paused": state.paused,
        "lanes": [asdict(lane) for lane in state.lanes],
        "hosts": [host_document(host) for host in state.hosts],
        "batches": batch_documents(state),
    }


def batch_documents(state: WorkspaceStatus) -> list[dict[str, Any]]:
    """Return the batches as plain data."""
    return [
        batch_document(batch, state.best[batch.id], state.rated.get(batch.id, {}))
        for batch in state.batches
    ]


def engine_document(state: WorkspaceStatus) -> dict[str, Any]:
    """Return the engine as plain data: whether it runs, where, and whether it ends soon."""
    pid, host = state.engine or (None, None)
    return {
        "running": state.engine is not None and not state.suspended,
        "pid": pid,
        "host": host,
        "stops_after_current": state.draining,
    }


def host_document(host: HostRow) -> dict[str, Any]:
    """Return a model host as plain data."""
    return {**asdict(host), "models": json.loads(host.models)}


def batch_document(batch: BatchRow, best: float | None, rated: Mapping[str, int]) -> dict[str, Any]:
    """Return a batch as plain data.

    Args:
        batch: The batch.
        best: Its best headline score.
        rated: Number of its jobs by rating.
    """
    return {
        "id": batch_name(batch.id),
        "name": batch.name,
        "recipe": batch.recipe,
        "status": batch.state,
        "jobs": batch.jobs,
        "cost_usd": dollars(batch.cost),
        "best_score": best,
        "created_at": batch.created_at,
        "started_at": batch.started_at,
        "finished_at": batch.finished_at,
        "starred": bool(batch.starred),
        "note": batch.note,
        "archived": batch.archived_at is not None,
        "ratings": dict(rated),
    }
