"""Estimates on the command line: `--dry-run`, and the confirmation of expensive batches."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from engine.cli import render
from engine.cli.render import dollars
from engine.client.workspace import Workspace
from engine.money.estimate import Estimate, EstimateLine, Range
from engine.queueing.queue import QueueOptions, Source
from engine.text.amounts import in_words, price_of
from engine.text.plural import pluralize


def show_estimate(found: Estimate, *, as_json: bool) -> None:
    """Print an estimate."""
    if as_json:
        render.print_json(estimate_document(found))
    else:
        render.say(*_lines(found))


def ask_about_cost(
    workspace: Workspace, recipe: str, source: Source, options: QueueOptions
) -> None:
    """Ask before a batch that may cost more than `budget.confirm_above`, on a terminal only.

    Raises:
        click.Abort: The answer was no.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    found = workspace.estimate(recipe, source, options=options)
    if found.is_free or (found.cost and found.cost[1] <= _asks_above(workspace)):
        return
    show_estimate(found, as_json=False)
    click.confirm("Start it?", abort=True)


def _asks_above(workspace: Workspace) -> int:
    return price_of(workspace.settings.budget.confirm_above)


def estimate_document(found: Estimate) -> dict[str, Any]:
    """Return an estimate as plain data; its fields are in `docs/cli.md`."""
    return {
        "jobs": found.jobs,
        "steps": _range(found.steps, int),
        "cost_usd": _range(found.cost, dollars),
        "seconds": _range(found.seconds, lambda value: round(value, 1)),
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
            for line in found.lines
        ],
    }


def _range(
    found: tuple[Any, Any] | None, convert: Callable[[Any], float]
) -> dict[str, float] | None:
    if found is None:
        return None
    return {"least": convert(found[0]), "most": convert(found[1])}


def _lines(found: Estimate) -> Iterator[str]:
    steps = "" if found.steps is None else f", {_range_of(found.steps, 'step')}"
    yield f"{pluralize(found.jobs, 'job')}{steps}."
    for line in found.lines:
        yield f"  {line.capability}: {line.backend} ({line.model}), {_calls(line)}, {_cost(line)}"
        yield from (f"    {detail}" for detail in line.details)
    for line in found.unpriced:
        names = " ".join(f"--set {name}" for name in line.price_names)
        hint = f"; give them with {names}, or in prices.toml" if names else ""
        yield f"The prices of {line.backend} ({line.model}) are not known{hint}."
    if found.cost is not None:
        yield f"Cost: {_money(found.cost)}." if any(found.cost) else "Cost: nothing."
    if found.seconds is not None:
        yield f"Time: {_between(found.seconds, render.duration)}, as calls here took before."


def _calls(line: EstimateLine) -> str:
    return "calls not known" if line.calls is None else _range_of(line.calls, "call")


def _cost(line: EstimateLine) -> str:
    if not line.paid:
        return "free"
    return "cost not known" if line.cost is None else _money(line.cost)


def _money(cost: Range) -> str:
    return _between(cost, in_words)


def _range_of(found: tuple[int, int], noun: str) -> str:
    least, most = found
    return pluralize(most, noun, shown=_between((least, most), str))


def _between(found: tuple[Any, Any], shown: Callable[[Any], str]) -> str:
    least, most = shown(found[0]), shown(found[1])
    return least if least == most else f"{least} to {most}"
