"""`safelight costs`: spending by provider, model and purpose."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from db.clock import now
from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.cli.options import json_option, workspace_option
from engine.client.documents.costs import costs_document, read_costs
from engine.client.workspace import Workspace
from engine.text.amounts import MILLION, in_words

Document = Mapping[str, Any]

OVER = frozenset({"done", "done_with_failures", "cancelled"})
"""States of a batch that has nothing left to do."""


@click.command()
@click.argument("batch", required=False)
@click.option("--retries", is_flag=True, help="Show what faults have cost, and what recovered.")
@json_option
@workspace_option
def costs(workspace: Path, batch: str | None, *, retries: bool, as_json: bool) -> int:
    """Show spending by provider, model and purpose, of BATCH or of the whole workspace."""
    if retries:
        from engine.cli.retries import show_retries

        return show_retries(workspace, batch, as_json=as_json)
    if remote := remote_door():
        if batch is not None:
            raise click.UsageError("A server has the costs of all batches; leave out BATCH.")
        document = remote.costs()
        document.pop("links", None)
    else:
        document = costs_document(read_costs(Workspace(workspace), batch))
    if as_json:
        render.print_json(document)
    else:
        _show(printable(document))
    return 0


def _show(costs: Document) -> None:
    console = render.console()
    costly = [line for line in costs["spending"] if line["cost_usd"] or line["reserved_usd"]]
    if costly:
        right = ("steps", "calls", "tokens in", "tokens out", "cost")
        columns = ("backend", "model", "purpose", *right)
        table = render.table(*columns, right=right, stretch="model")
        for line in costly:
            table.add_row(*_cells(line))
        console.print(table)
    render.say(*_sentences(costs))


def _cells(line: Document) -> Sequence[Any]:
    return (
        render.shown(line["backend"], 40),
        render.shown(line["model"], 60),
        render.shown(line["purpose"], 40),
        str(line["steps"]),
        str(line["calls"] or ""),
        str(line["tokens_in"] or ""),
        str(line["tokens_out"] or ""),
        _words(line["cost_usd"]),
    )


def _words(amount: float) -> str:
    return in_words(round(amount * MILLION))


def _sentences(costs: Document) -> Iterator[str]:
    yield f"Spent: {_words(costs['cost_usd'])}."
    if presumed := costs["presumed_usd"]:
        yield f"Presumed: {_words(presumed)}, for calls whose outcome is unknown."
    if reserved := costs["reserved_usd"]:
        yield f"Reserved: {_words(reserved)}, for calls in flight."
    for batch in costs["batches"]:
        yield from _of_batch(batch)
    spent = {day["day"]: day["cost_usd"] + day["presumed_usd"] for day in costs["days"]}
    if (limit := costs["limits"]["day_usd"]) is not None:
        yield f"Today (UTC): {_words(spent.get(now()[:10], 0.0))} of {_words(limit)}."
    if (limit := costs["limits"]["total_usd"]) is not None:
        yield f"The workspace: {_words(sum(spent.values()))} of {_words(limit)}."


def _of_batch(batch: Document) -> Iterator[str]:
    cost, budget = batch["cost_usd"], batch["budget_usd"]
    if not cost and budget is None:
        return
    sentence = f"{batch['id']} ({batch['name']}): {_words(cost)}"
    if budget is not None:
        sentence += f" of {_words(budget)}"
    if batch["status"] not in OVER:
        hourly, in_all = batch["rate_usd_per_hour"], batch["projected_usd"]
        sentence += f", {_words(hourly)} per hour" if hourly is not None else ""
        sentence += f", {_words(in_all)} in total at this rate" if in_all is not None else ""
    yield f"{sentence}."
