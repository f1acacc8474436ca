"""`run` and `queue` at a server."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from engine.cli import render
from engine.cli.doors import printable
from engine.cli.estimates import print_estimate
from engine.cli.recipe_options import RECIPE_OPTIONS
from engine.cli.trouble import FAILED, INTERRUPTED, PARKED
from engine.client.options import QueueOptions
from engine.client.remote.errors import RemoteError
from engine.client.remote.workspace import RemoteWorkspace
from engine.text.amounts import price_of

DEFAULT_INPUT = "prompts.json"
_SHOWN = ("job.done", "job.failed", "job.parked", "job.cancelled", "job.warning", "batch.")
CONFIRM_ABOVE = 1.0
"""Dollars above which `run` asks on a terminal, as `budget.confirm_above` does by default."""


def queue_there(
    remote: RemoteWorkspace,
    recipe: str,
    source: str | None,
    flags: Mapping[str, Any],
    *,
    as_json: bool,
) -> int:
    """Queue an input of this machine at a server, or print what it would take."""
    batch = _queue(remote, recipe, source, flags, as_json=as_json)
    if batch is not None:
        render.say(f"Queued {batch} on {remote.server.url}.")
        if not remote.status(limit=1)["engine"]["running"]:
            render.say("No engine runs there. It begins once one does.")
    return 0


def run_there(
    remote: RemoteWorkspace,
    recipe: str,
    source: str | None,
    flags: Mapping[str, Any],
    *,
    as_json: bool,
) -> int:
    """Queue an input at a server and follow its batch; return the exit code."""
    ask = not (flags["yes"] or as_json)
    batch = _queue(remote, recipe, source, flags, as_json=as_json, ask=ask)
    if batch is None:
        return 0
    if not as_json:
        render.say(f"Queued {batch} on {remote.server.url}.")
    display = _Display(as_json=as_json)
    try:
        ended = remote.follow(batch, display.show)
    except KeyboardInterrupt:
        click.echo(f"Left {batch}; it stays on {remote.server.url}.", err=True)
        return INTERRUPTED
    except RemoteError:
        click.echo(f"{batch} stays on {remote.server.url}.", err=True)
        raise
    counts = ", ".join(f"{count} {state}" for state, count in ended["jobs"].items())
    if not as_json:
        look = f"Results: export {batch} DIR" if ended["status"] != "parked" else f"jobs {batch}"
        state = ended["status"].replace("_", " ")
        render.say(f"{batch} is {state}: {counts}. {look}")
    if ended["status"] == "parked":
        return PARKED
    return 0 if ended["status"] == "done" else FAILED


def _queue(
    remote: RemoteWorkspace,
    recipe: str,
    source: str | None,
    flags: Mapping[str, Any],
    *,
    as_json: bool,
    ask: bool = False,
) -> str | None:
    """Queue an input; return the batch's id, or None after a dry run."""
    named, options = _input(source, flags), _options(flags)
    if flags["dry_run"]:
        print_estimate(printable(remote.estimate(recipe, named, options=options)), as_json=as_json)
        return None
    if ask and named != "-" and sys.stdin.isatty() and sys.stdout.isatty():
        _ask_about_cost(remote.estimate(recipe, named, options=options))
    return remote.queue(recipe, named, options=options)


def _ask_about_cost(estimate: Mapping[str, Any]) -> None:
    cost = estimate["cost_usd"]
    if cost is not None and price_of(cost["most"]) <= price_of(CONFIRM_ABOVE):
        return
    print_estimate(printable(estimate), as_json=False)
    click.confirm("Start it?", abort=True)


def _input(source: str | None, flags: Mapping[str, Any]) -> str | None:
    """Return the input that is named; None if the recipe's own options may be it."""
    if source is not None or flags[RECIPE_OPTIONS] or not Path(DEFAULT_INPUT).is_file():
        return source
    return DEFAULT_INPUT


def _options(flags: Mapping[str, Any]) -> QueueOptions:
    if flags["axis"] or flags["dynamic"]:
        raise click.UsageError("Grids are not sent to a server; queue them on its machine.")
    return QueueOptions(
        name=flags["name"] or None,
        output_dir=flags["output_dir"],
        overrides=flags["overrides"],
        flags=flags[RECIPE_OPTIONS],
        priority=flags["priority"],
        in_flight=flags["batch_size"],
        file_format=flags["file_format"],
        budget=flags["budget"],
    )


class _Display:
    """One line per job that ends or is parked, or lines of JSON as `run --json` prints them."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._counts: dict[str, int] = {}

    def show(self, batch: Mapping[str, Any], events: list[dict[str, Any]]) -> None:
        """Print what has happened since the last look."""
        for event in events:
            if self._as_json:
                click.echo(render.to_json(event))
            elif event["type"].startswith(_SHOWN):
                self._line(batch, event)
        if self._as_json and batch["jobs"] != self._counts:
            self._counts = batch["jobs"]
            progress = {"type": "progress", "batch": batch["id"], "jobs": self._counts}
            render.print_json({**progress, "best_score": batch["best_score"]}, indent=None)

    def _line(self, batch: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        jobs = batch["jobs"]
        ended = sum(jobs.get(state, 0) for state in ("done", "failed", "cancelled"))
        head = f"{event['at'][11:19]} [{ended}/{sum(jobs.values())}] {event['type']}"
        render.say(f"{head} {event['message']}".rstrip())
