"""Estimates on the command line: `--dry-run`, and the confirmation of expensive batches."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from engine.cli import render
from engine.client.documents.estimates import estimate_document
from engine.client.workspace import Workspace
from engine.queueing.money.estimate import Estimate, EstimateLine, Range
from engine.queueing.queue import QueueOptions, Source
from engine.text.amounts import in_words, price_of
from engine.text.plural import pluralize


def show_estimate(estimate: Estimate, *, as_json: bool) -> None:
    """Print an estimate."""
    if as_json:
        render.print_json(estimate_document(estimate))
    else:
        render.say(*_lines(estimate))


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
    for line in _lines(estimate):
        click.echo(line, err=not can_ask)
    if can_ask:
        click.confirm("Start it?", abort=True)


def _asks_above(workspace: Workspace) -> int:
    return price_of(workspace.settings.budget.confirm_above)


def _lines(estimate: Estimate) -> Iterator[str]:
    steps = "" if estimate.steps is None else f", {_range_of(estimate.steps, 'step')}"
    yield f"{pluralize(estimate.jobs, 'job')}{steps}."
    for line in estimate.lines:
        yield f"  {line.capability}: {line.backend} ({line.model}), {_calls(line)}, {_cost(line)}"
        yield from (f"    {detail}" for detail in line.details)
    for line in estimate.unpriced:
        names = " ".join(f"--set {name}" for name in line.price_names)
        hint = f"; give them with {names}, or in prices.toml" if names else ""
        yield f"The prices of {line.backend} ({line.model}) are not known{hint}."
    if estimate.cost is not None:
        yield f"Cost: {_money(estimate.cost)}." if any(estimate.cost) else "Cost: nothing."
    if estimate.seconds is not None:
        yield f"Time: {_between(estimate.seconds, render.duration)}, as calls here took before."
    if estimate.cpu_seconds is not None:
        yield f"Processors: about {render.duration(estimate.cpu_seconds)} of one, in all."
    if estimate.disk is not None:
        yield f"Disk: about {render.size(estimate.disk)}."


def _calls(line: EstimateLine) -> str:
    return "calls not known" if line.calls is None else _range_of(line.calls, "call")


def _cost(line: EstimateLine) -> str:
    if not line.paid:
        return "free"
    return "cost not known" if line.cost is None else _money(line.cost)


def _money(cost: Range) -> str:
    return _between(cost, in_words)


def _range_of(bounds: tuple[int, int], noun: str) -> str:
    least, most = bounds
    return pluralize(most, noun, shown=_between((least, most), str))


def _between(bounds: tuple[Any, Any], shown: Callable[[Any], str]) -> str:
    least, most = shown(bounds[0]), shown(bounds[1])
    return least if least == most else f"{least} to {most}"
