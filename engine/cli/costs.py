"""`safelight costs`: spending by provider, model and purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from db.clock import now, seconds_between
from db.queries import batches as batch_queries
from db.queries import spending as queries
from db.rows import BatchRow
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.render import dollars
from engine.client.ids import batch_name, find_batch
from engine.client.workspace import Workspace
from engine.queueing.money.rate import projected, rate
from engine.text.amounts import in_words, limit_of


@dataclass(frozen=True, slots=True)
class Costs:
    """Spending of a workspace or of one batch; amounts in micro-dollars.

    Attributes:
        batches: The batches that are included.
        lines: Spending by model and purpose.
        days: Spending of the workspace by day, newest first.
        total: Maximum spending of the workspace, None for no limit.
        day: Maximum spending of the workspace per day, None for no limit.
    """

    batches: list[BatchRow]
    lines: list[queries.Spending]
    days: list[queries.Day]
    total: int | None
    day: int | None


@click.command()
@click.argument("batch", required=False)
@json_option
@workspace_option
def costs(workspace: Path, batch: str | None, *, as_json: bool) -> int:
    """Show spending by provider, model and purpose, of BATCH or of the whole workspace."""
    summary = read_costs(Workspace(workspace), batch)
    if as_json:
        render.print_json(costs_document(summary))
    else:
        _show(summary)
    return 0


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
        "cost_usd": dollars(sum(batch.cost for batch in summary.batches)),
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


def _show(summary: Costs) -> None:
    console = render.console()
    costly = [line for line in summary.lines if line.cost or line.reserved]
    if costly:
        right = ("steps", "calls", "tokens in", "tokens out", "cost")
        columns = ("backend", "model", "purpose", *right)
        table = render.table(*columns, right=right, stretch="model")
        for line in costly:
            table.add_row(*_cells(line))
        console.print(table)
    render.say(*_sentences(summary))


def _cells(line: queries.Spending) -> Sequence[Any]:
    return (
        render.shown(line.backend, 40),
        render.shown(line.model, 60),
        render.shown(line.purpose, 40),
        str(line.steps),
        str(line.calls or ""),
        str(line.tokens_in or ""),
        str(line.tokens_out or ""),
        in_words(line.cost),
    )


def _sentences(summary: Costs) -> Iterator[str]:
    spent, presumed = (
        sum(batch.cost for batch in summary.batches),
        sum(batch.presumed for batch in summary.batches),
    )
    yield f"Spent: {in_words(spent)}."
    if presumed:
        yield f"Presumed: {in_words(presumed)}, for calls whose outcome is unknown."
    if reserved := sum(line.reserved for line in summary.lines):
        yield f"Reserved: {in_words(reserved)}, for calls in flight."
    for batch in summary.batches:
        yield from _of_batch(batch)
    if summary.day is not None:
        today = next((d for d in summary.days if d.day == now()[:10]), None)
        spent = today.cost + today.presumed if today else 0
        yield f"Today (UTC): {in_words(spent)} of {in_words(summary.day)}."
    if summary.total is not None:
        spent = sum(d.cost + d.presumed for d in summary.days)
        yield f"The workspace: {in_words(spent)} of {in_words(summary.total)}."


def _of_batch(batch: BatchRow) -> Iterator[str]:
    if not batch.cost and batch.budget is None:
        return
    sentence = f"{batch_name(batch.id)} ({batch.name}): {in_words(batch.cost)}"
    if batch.budget is not None:
        sentence += f" of {in_words(batch.budget)}"
    hourly = rate(batch.cost, seconds_between(batch.started_at, batch.finished_at or now()))
    if hourly is not None and not batch.is_over:
        sentence += f", {in_words(hourly)} per hour"
    in_all = projected(batch.cost, batch.ended, batch.total)
    if in_all is not None and not batch.is_over:
        sentence += f", {in_words(in_all)} in total at this rate"
    yield f"{sentence}."
