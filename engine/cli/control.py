"""Stepping in: pause, resume, cancel, retry, priority, decide.

A running engine acts on a command within a moment; without one it is carried out here.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from db.rows import Command
from engine.cli import render
from engine.cli.namesakes import warn_of_namesakes
from engine.cli.options import parse_dollars, workspace_option
from engine.cli.trouble import BAD_USAGE
from engine.client.ids import find
from engine.client.workspace import Workspace
from engine.contract.decisions import PROMPT
from engine.contract.recipe import decision_for, not_asked
from engine.plugins.catalog import UnknownName
from engine.runtime.suspended import remedy
from engine.text.plural import counted
from engine.text.terminal import quoted

ANSWER_SECONDS = 5.0
_POLL_SECONDS = 0.05
_MOST_PRIORITY = 1_000_000
_GOES_ON = ("resume", "retry", "decide")
"""After these an engine has something to do."""
_IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")


@click.command()
@_IDS
@workspace_option
def pause(workspace: Path, ids: tuple[str, ...]) -> int:
    """Let batches (b1 or a name) or jobs (j1 or BATCH/KEY) wait; running ones stop at a step."""
    return _carry_out(Workspace(workspace), "pause", ids)


@click.command()
@_IDS
@workspace_option
def resume(workspace: Path, ids: tuple[str, ...]) -> int:
    """Let what is paused or parked go on. A running engine reads settings and .env again."""
    return _carry_out(Workspace(workspace), "resume", ids)


@click.command()
@_IDS
@click.option("--yes", is_flag=True, help="Do not ask before a whole batch is cancelled.")
@workspace_option
def cancel(workspace: Path, ids: tuple[str, ...], *, yes: bool) -> int:
    """End batches or jobs; what is finished is kept, and retry takes them up again."""
    opened = Workspace(workspace)
    if not yes and sys.stdin.isatty():
        _ask_about_batches(opened, ids)
    return _carry_out(opened, "cancel", ids)


@click.command()
@_IDS
@workspace_option
def retry(workspace: Path, ids: tuple[str, ...]) -> int:
    """Take up what failed, from the step that failed; cancelled and parked jobs as well."""
    return _carry_out(Workspace(workspace), "retry", ids)


# Without this, a change such as -5 would be taken for an option.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("change", metavar="up|down|N")
@_IDS
@workspace_option
def priority(workspace: Path, change: str, ids: tuple[str, ...]) -> int:
    """Move batches or jobs up or down the queue by 1, or by N (as +10 or -10)."""
    by = {"change": _change(change)}
    return _carry_out(Workspace(workspace), "priority", ids, by)


@click.command()
@click.argument("job")
@click.argument("key")
@click.argument("value")
@click.option("--text", is_flag=True, help="Take VALUE as text, also a number, true or null.")
@workspace_option
def decide(workspace: Path, job: str, key: str, value: str, *, text: bool) -> int:
    """Decide KEY of JOB; what depends on it runs again, everything else is kept.

    KEY is what the recipe asks for: for refine, `select` (the number of the iteration that is the
    result) or `iteration-N/prompt`; for storyboard, `scene-N/select` (the number of a variation) or
    `scene-N/prompt`. A prompt is VALUE as it is; anything else is JSON if it can be read as JSON,
    otherwise text. What does not fit the job is refused, and the job stays as it is.
    """
    opened = Workspace(workspace)
    _refuse_unasked(opened, job, key)
    decided = value if text else _decided(key, value)
    return _carry_out(opened, "decide", [job], {"key": key, "value": decided})


def _refuse_unasked(workspace: Workspace, job: str, key: str) -> None:
    """A key that the recipe never asks for would change nothing, and nobody would say so."""
    with workspace.reading() as connection:
        named = find(connection, job)
    try:
        recipe = workspace.catalog.recipe(named.batch.recipe)
    except UnknownName:  # the engine says so
        return
    if recipe.decisions and decision_for(recipe, key) is None:
        raise click.UsageError(not_asked(recipe, key))


def _decided(key: str, text: str) -> Any:
    """A prompt is the text as it is given; anything else is JSON where it can be read as JSON.

    A number, `true` or `null` alone is hardly a prompt: it is refused unless --text says so.
    """
    value = parse_value(text)
    if key.rpartition("/")[2] != PROMPT:
        return value
    if value is None or isinstance(value, bool | int | float):
        raise click.UsageError(
            f"{quoted(text)} is hardly a prompt. If it is to be one, add --text."
        )
    return text


@click.command()
@click.argument("name")
@click.option("--concurrency", type=click.IntRange(1, 256), help="Calls in flight at most.")
@click.option(
    "--requests-per-minute",
    type=click.FloatRange(0, 1_000_000),
    help="Calls a minute at most; 0 for no limit.",
)
@workspace_option
def lane(
    workspace: Path, name: str, concurrency: int | None, requests_per_minute: float | None
) -> int:
    """Change how many calls go to an account, until the engine ends.

    NAME is a lane as `safelight status` shows it, or a backend for all of its lanes. What is to
    hold longer belongs into safelight.toml.
    """
    if concurrency is None and requests_per_minute is None:
        raise click.UsageError("Say what to change: --concurrency or --requests-per-minute.")
    wanted = {
        "lane": name,
        "concurrency": concurrency,
        "requests_per_minute": requests_per_minute,
    }
    opened = Workspace(workspace)
    return _tell(opened, [name], [opened.ask("lane", wanted, source="cli")])


@click.command()
@click.argument("batch")
@click.argument("amount", metavar="DOLLARS|none")
@workspace_option
def budget(workspace: Path, batch: str, amount: str) -> int:
    """Change what BATCH may cost in all; `none` takes its budget away.

    Jobs that are parked because of it go on with `safelight resume BATCH`.
    """
    wanted = None if amount == "none" else parse_dollars(None, None, amount)
    return _carry_out(Workspace(workspace), "budget", [batch], {"budget": wanted})


def parse_value(text: str) -> Any:
    """JSON where it is JSON, otherwise the text itself."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _change(text: str) -> int:
    if text in {"up", "down"}:
        return 1 if text == "up" else -1
    try:
        change = int(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not `up`, `down` or a whole number.") from None
    if not -_MOST_PRIORITY <= change <= _MOST_PRIORITY:
        raise click.BadParameter(f"A priority changes by {_MOST_PRIORITY} at most.")
    return change


def _ask_about_batches(workspace: Workspace, ids: Sequence[str]) -> None:
    with workspace.reading() as connection:
        named = [find(connection, text) for text in ids]
    for item in named:
        if item.job is None:
            left = item.batch.total - item.batch.ended
            unfinished = counted(left, "job that has", "jobs that have") + " not ended"
            render.say(f"{item} ({item.batch.name}) has {unfinished}.")
            click.confirm("Cancel them?", abort=True)


def _carry_out(
    workspace: Workspace,
    verb: str,
    ids: Sequence[str],
    arguments: Mapping[str, Any] | None = None,
) -> int:
    """Asks for it, waits for the answers, prints them; 2 where something was refused."""
    ids = list(dict.fromkeys(ids))
    warn_of_namesakes(workspace, ids)
    code = _tell(workspace, ids, workspace.command(verb, ids, arguments, source="cli"))
    if code == 0 and verb in _GOES_ON and workspace.engine_process() is None:
        then = render.command_line(workspace.shown_root, "engine --until-idle")
        render.say(f"No engine runs; go on with: {then}")
    return code


def _tell(workspace: Workspace, ids: Sequence[str], numbers: Sequence[int]) -> int:
    """Waits for the answers and prints them; 2 where something was refused."""
    refused = False
    for text, command in zip(ids, _answers(workspace, numbers), strict=True):
        if command is None or command.state == "pending":
            render.say(f"{text}: {_waits_for(workspace)}")
            continue
        refused = refused or command.state == "refused"
        click.echo(render.shown(command.answer, None).plain, err=command.state == "refused")
    return BAD_USAGE if refused else 0


def _waits_for(workspace: Workspace) -> str:
    """What a command without an answer waits for."""
    if suspended := workspace.suspended_engine():
        return f"asked for; the engine, pid {suspended[0]}, is suspended. {remedy(suspended)}"
    if workspace.engine_process() is not None:
        return "asked for; the engine acts on it when it comes round to it."
    return (
        "asked for, but another program holds the store. The next command or engine that finds "
        "the store free carries it out."
    )


def _answers(workspace: Workspace, numbers: Sequence[int]) -> list[Command | None]:
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        answers = [workspace.answer(number) for number in numbers]
        waiting = any(answer is not None and answer.state == "pending" for answer in answers)
        if not waiting or time.monotonic() > deadline:
            return answers
        workspace.carry_out_commands()  # the engine may have ended before it came round to them
        time.sleep(_POLL_SECONDS)
