"""Estimates on the command line: `--dry-run`, and the confirmation of expensive batches."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from engine.cli import render
from engine.client.documents.estimates import estimate_document
from engine.client.estimates import Estimate
from engine.client.options import QueueOptions, Source
from engine.client.workspace import Workspace
from engine.text import units
from engine.text.amounts import MILLION, in_words, price_of
from engine.text.plural import pluralize


def show_estimate(estimate: Estimate, *, as_json: bool) -> None:
    """Print an estimate."""
    print_estimate(estimate_document(estimate), list(_unpriced(estimate)), as_json=as_json)


def print_estimate(
    document: Mapping[str, Any], unpriced: Sequence[str] = (), *, as_json: bool
) -> None:
    """Print an estimate that is plain data.

    Args:
        document: The estimate.
        unpriced: Sentences about backends whose prices are not known.
        as_json: Print stable JSON.
    """
    if as_json:
        render.print_json(dict(document))
    else:
        render.say(*_lines(document, unpriced))


def ask_about_cost(
    workspace: Workspace, recipe: str, source: Source, options: QueueOptions
) -> None:
    """Ask before a batch that may cost more than `budget.confirm_above`, on a terminal only.

    The estimate of a grid is printed whatever it costs, and asked about if it has several jobs.

    Raises:
        click.Abort: The answer was no.
    """
    can_ask = sys.stdin.isatty() and sys.stdout.isatty()
    if not (can_ask or options.grid):
        return
    estimate = workspace.estimate(recipe, source, options=options)
    is_cheap = estimate.is_free or (
        estimate.cost is not None and estimate.cost[1] <= _asks_above(workspace)
    )
    is_grid = bool(options.grid) and estimate.jobs > 1
    if is_cheap and not is_grid:
        return
    for line in _lines(estimate_document(estimate), list(_unpriced(estimate))):
        click.echo(line, err=not can_ask)
    if can_ask:
        click.confirm("Start it?", abort=True)


def _asks_above(workspace: Workspace) -> int:
    return price_of(workspace.settings.budget.confirm_above)


def _unpriced(estimate: Estimate) -> Iterator[str]:
    for line in estimate.unpriced:
        names = " ".join(f"--set {name}" for name in line.price_names)
        hint = f"; give them with {names}, or in prices.toml" if names else ""
        yield f"The prices of {line.backend} ({line.model}) are not known{hint}."


def _lines(estimate: Mapping[str, Any], unpriced: Sequence[str]) -> Iterator[str]:
    steps = "" if estimate["steps"] is None else f", {_range_of(estimate['steps'], 'step')}"
    yield f"{pluralize(estimate['jobs'], 'job')}{steps}."
    for line in estimate["calls"]:
        head = f"  {line['capability']}: {line['backend']} ({line['model']})"
        yield f"{head}, {_calls(line)}, {_cost(line)}"
        yield from (f"    {detail}" for detail in line.get("details", ()))
    yield from unpriced
    if (cost := estimate["cost_usd"]) is not None:
        yield f"Cost: {_between(cost, _words)}." if any(cost.values()) else "Cost: nothing."
    if (seconds := estimate["seconds"]) is not None:
        yield f"Time: {_between(seconds, units.duration)}, as calls here took before."
    if estimate["cpu_seconds"] is not None:
        yield f"Processors: about {units.duration(estimate['cpu_seconds'])} of one, in all."
    if estimate["disk_bytes"] is not None:
        yield f"Disk: about {units.size(estimate['disk_bytes'])}."


def _calls(line: Mapping[str, Any]) -> str:
    return "calls not known" if line["calls"] is None else _range_of(line["calls"], "call")


def _cost(line: Mapping[str, Any]) -> str:
    if not line["paid"]:
        return "free"
    return "cost not known" if line["cost_usd"] is None else _between(line["cost_usd"], _words)


def _words(amount: float) -> str:
    return in_words(round(amount * MILLION))


def _range_of(bounds: Mapping[str, int], noun: str) -> str:
    return pluralize(bounds["most"], noun, shown=_between(bounds, str))


def _between(bounds: Mapping[str, Any], shown: Callable[[Any], str]) -> str:
    least, most = shown(bounds["least"]), shown(bounds["most"])
    return least if least == most else f"{least} to {most}"
