"""Faults and retries: what failed attempts have cost, and what recovered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from db.queries import faults as queries
from engine.client.ids import find_batch
from engine.client.workspace import Workspace
from engine.text.amounts import dollars


@dataclass(frozen=True, slots=True)
class Retries:
    """Faults of a workspace or of one batch.

    Attributes:
        faults: Faults by backend, model and class.
        recoveries: Steps and jobs that were done in spite of faults.
        waiting: Calls whose unknown outcome is open, by backend and model.
    """

    faults: Sequence[queries.FaultLine]
    recoveries: Sequence[queries.Recovery]
    waiting: dict[tuple[str, str], int]


def read_retries(workspace: Workspace, batch: str | None) -> Retries:
    """Read the faults of a batch or of the workspace.

    Raises:
        UnknownId: There is no such batch.
    """
    with workspace.reading() as connection:
        batch_id = None if batch is None else find_batch(connection, batch).id
        return Retries(
            queries.faults(connection, batch_id),
            queries.recoveries(connection, batch_id),
            queries.open_unknown(connection, batch_id),
        )


def retries_document(summary: Retries) -> dict[str, Any]:
    """Return faults as plain data; its fields are in `docs/cli.md`."""
    steps = [line for line in summary.recoveries if line.what == "step"]
    return {
        "attempts": sum(line.attempts for line in summary.faults),
        "cost_usd": dollars(sum(line.cost for line in summary.faults)),
        "presumed_usd": dollars(sum(line.presumed for line in summary.faults)),
        "faults": [_fault(line) for line in summary.faults],
        "unknown": [
            _unknown(line, summary.waiting.get((line.backend, line.model), 0))
            for line in summary.faults
            if line.fault == "unknown"
        ],
        "recovered_steps": [
            {"backend": one.backend, "model": one.model, "tries": one.tries, "steps": one.count}
            for one in steps
        ],
        "recovered_jobs": sum(line.count for line in summary.recoveries if line.what == "job"),
    }


def _fault(line: queries.FaultLine) -> dict[str, Any]:
    return {
        "fault": line.fault,
        "backend": line.backend,
        "model": line.model,
        "attempts": line.attempts,
        "failed": line.failed,
        "cost_usd": dollars(line.cost),
        "presumed_usd": dollars(line.presumed),
    }


def _unknown(line: queries.FaultLine, waiting: int) -> dict[str, Any]:
    """Return how the calls of unknown outcome were settled."""
    return {
        "backend": line.backend,
        "model": line.model,
        "outcomes": line.attempts,
        "asked_again": line.again,
        "failed": line.failed,
        "waiting": waiting,
        "given_up": max(0, line.attempts - line.again - line.failed - waiting),
    }
