"""Documents of estimates: what a batch or a branch may need in calls, money and time."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.text.amounts import dollars

if TYPE_CHECKING:  # the queue is imported by those who estimate
    from engine.client.branching import BranchEstimate
    from engine.queueing.money.estimate import Estimate


def estimate_document(estimate: "Estimate") -> dict[str, Any]:
    """Return an estimate as plain data; its fields are in `docs/cli.md`."""
    return {
        "jobs": estimate.jobs,
        "steps": _range(estimate.steps, int),
        "cost_usd": _range(estimate.cost, dollars),
        "seconds": _range(estimate.seconds, lambda value: round(value, 1)),
        "disk_bytes": estimate.disk,
        "cpu_seconds": None if estimate.cpu_seconds is None else round(estimate.cpu_seconds, 1),
        "calls": [
            {
                "capability": line.capability,
                "backend": line.backend,
                "model": line.model,
                "paid": line.paid,
                "calls": _range(line.calls, int),
                "cost_usd": _range(line.cost, dollars),
            }
            | ({"details": list(line.details)} if line.details else {})
            for line in estimate.lines
        ],
    }


def _range(
    bounds: tuple[Any, Any] | None, convert: Callable[[Any], float]
) -> dict[str, float] | None:
    if bounds is None:
        return None
    return {"least": convert(bounds[0]), "most": convert(bounds[1])}


def branch_document(branch: "BranchEstimate") -> dict[str, Any]:
    """Return an estimate as plain data; its fields are in `docs/cli.md`."""
    return {
        "begins_at": branch.scope,
        "kept_steps": branch.kept,
        "saved_usd": dollars(branch.saved),
        **estimate_document(branch.estimate),
    }
