"""Spending by provider, model, purpose and day, with its limits."""

from dataclasses import dataclass
from typing import Any

from db.clock import now, seconds_between
from db.queries import batches as batch_queries
from db.queries import spending as queries
from db.rows import BatchRow
from engine.client.ids import batch_name, find_batch
from engine.client.workspace import Workspace
from engine.queueing.money.rate import projected, rate
from engine.text.amounts import dollars, limit_of


@dataclass(frozen=True, slots=True)
class Costs:
    """Spending of a workspace or of one batch; amounts in micro-dollars.

    Attributes:
        batches: The batches that are included.
        lines: Spending by model and purpose, that of deleted batches too.
        days: Spending of the workspace by day, newest first.
        total: Maximum spending of the workspace, None for no limit.
        day: Maximum spending of the workspace per day, None for no limit.
    """

    batches: list[BatchRow]
    lines: list[queries.Spending]
    days: list[queries.Day]
    total: int | None
    day: int | None


def read_costs(workspace: Workspace, batch: str | None) -> Costs:
    """Read the spending of a batch or of the workspace.

    Raises:
        UnknownId: There is no such batch.
    """
    limits = workspace.settings.budget
    with workspace.reading() as connection:
        named = None if batch is None else find_batch(connection, batch)
        return Costs(
            batches=batch_queries.batches(connection, -1) if named is None else [named],
            lines=queries.spending(connection, None if named is None else named.id),
            days=queries.days(connection),
            total=None if limits.total is None else limit_of(limits.total),
            day=None if limits.day is None else limit_of(limits.day),
        )


def costs_document(summary: Costs) -> dict[str, Any]:
    """Return spending as plain data; its fields are in `docs/cli.md`."""
    return {
        "cost_usd": dollars(sum(line.cost for line in summary.lines)),
        "presumed_usd": dollars(sum(batch.presumed for batch in summary.batches)),
        "reserved_usd": dollars(sum(line.reserved for line in summary.lines)),
        "batches": [_batch(batch) for batch in summary.batches],
        "spending": [_line(line) for line in summary.lines],
        "days": [
            {"day": d.day, "cost_usd": dollars(d.cost), "presumed_usd": dollars(d.presumed)}
            for d in summary.days
        ],
        "limits": {"total_usd": _or_null(summary.total), "day_usd": _or_null(summary.day)},
    }


def _batch(batch: BatchRow) -> dict[str, Any]:
    seconds = seconds_between(batch.started_at, batch.finished_at or now())
    hourly, in_all = rate(batch.cost, seconds), projected(batch.cost, batch.ended, batch.total)
    return {
        "id": batch_name(batch.id),
        "name": batch.name,
        "status": batch.state,
        "cost_usd": dollars(batch.cost),
        "presumed_usd": dollars(batch.presumed),
        "budget_usd": _or_null(batch.budget),
        "rate_usd_per_hour": _or_null(hourly),
        "projected_usd": _or_null(in_all),
    }


def _line(line: queries.Spending) -> dict[str, Any]:
    return {
        "backend": line.backend,
        "model": line.model,
        "purpose": line.purpose,
        "steps": line.steps,
        "calls": line.calls,
        "cost_usd": dollars(line.cost),
        "reserved_usd": dollars(line.reserved),
        "tokens_in": line.tokens_in,
        "tokens_out": line.tokens_out,
    }


def _or_null(microdollars: int | None) -> float | None:
    return None if microdollars is None else dollars(microdollars)
