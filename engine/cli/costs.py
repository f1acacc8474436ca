"""`safelight costs`: spending by provider, model and purpose."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from db.clock import now, seconds_between
from db.queries import spending as queries
from db.rows import BatchRow
from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents.costs import Costs, costs_document, read_costs
from engine.client.ids import batch_name
from engine.client.workspace import Workspace
from engine.queueing.money.rate import projected, rate
from engine.text.amounts import in_words


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
