"""Commands that the engine carries out, or this process if no engine runs."""

import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli import render
from engine.cli.doors import EVERYTHING, door, step_in
from engine.cli.namesakes import warn_of_namesakes
from engine.cli.options import parse_dollars, workspace_option
from engine.cli.trouble import BAD_USAGE
from engine.client.actions import action_of
from engine.client.command_text import command_line
from engine.client.ids import resolve
from engine.client.workspace import Workspace
from engine.contract.decisions import PROMPT
from engine.text.plural import pluralize
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.client.remote.workspace import RemoteWorkspace

_MAX_PRIORITY = 1_000_000
_IDS = click.argument("ids", nargs=-1, required=True, metavar="ID...")
_SOME_IDS = click.argument("ids", nargs=-1, metavar="[ID...]")


def operator_command(verb: str, **settings: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator for the command of an action: name and help are the action's.

    The docstring of the function is printed below the help.

    Args:
        verb: The action's verb.
        settings: Settings of `click.command`.
    """

    def decorated(function: Callable[..., Any]) -> click.Command:
        action = action_of(verb)
        help_ = f"{action.help}\n\n{inspect.getdoc(function)}"
        create: Callable[[Callable[..., Any]], click.Command]
        create = click.command(verb, help=help_, short_help=action.help, **settings)
        return create(function)

    return decorated


@operator_command("pause")
@_SOME_IDS
@click.option("--all", "everything", is_flag=True, help=f"{action_of('pause_all').help}")
@workspace_option
def pause(workspace: Path, ids: tuple[str, ...], *, everything: bool) -> int:
    """ID is a batch (b1 or its name) or a job (j1 or BATCH/KEY)."""
    return _some_or_all(door(workspace), "pause", ids, everything=everything)


@operator_command("resume")
@_SOME_IDS
@click.option("--all", "everything", is_flag=True, help=f"{action_of('resume_all').help}")
@workspace_option
def resume(workspace: Path, ids: tuple[str, ...], *, everything: bool) -> int:
    """A running engine reads settings and .env again. ID is a batch or a job, as for `pause`."""
    return _some_or_all(door(workspace), "resume", ids, everything=everything)


def _some_or_all(
    workspace: "Workspace | RemoteWorkspace", verb: str, ids: tuple[str, ...], *, everything: bool
) -> int:
    """Pause or resume what is named, or everything."""
    if everything == bool(ids):
        raise click.UsageError(f"Name what to {verb}, or everything with --all.")
    return carry_out(workspace, f"{verb}_all" if everything else verb, ids)


@operator_command("cancel")
@_IDS
@click.option("--waiting", is_flag=True, help=f"{action_of('cancel_waiting').help}")
@click.option("--yes", is_flag=True, help="Do not ask before a whole batch is cancelled.")
@workspace_option
def cancel(workspace: Path, ids: tuple[str, ...], *, waiting: bool, yes: bool) -> int:
    """`safelight retry` runs them again. ID is a batch or a job, as for `pause`."""
    opened, verb = door(workspace), "cancel_waiting" if waiting else "cancel"
    if not yes and sys.stdin.isatty():
        if isinstance(opened, Workspace):
            _ask_about_batches(opened, verb, ids)
        else:
            click.confirm(action_of(verb).question(", ".join(ids)), abort=True)
    return carry_out(opened, verb, ids)


@operator_command("retry")
@_IDS
@workspace_option
def retry(workspace: Path, ids: tuple[str, ...]) -> int:
    """Cancelled and parked jobs run again as well. ID is a batch or a job, as for `pause`."""
    return carry_out(door(workspace), "retry", ids)


# Without this, a change such as -5 would be taken for an option.
@operator_command("priority", context_settings={"ignore_unknown_options": True})
@click.argument("change", metavar="up|down|N")
@_IDS
@workspace_option
def priority(workspace: Path, change: str, ids: tuple[str, ...]) -> int:
    """By 1, or by N, as +10 or -10. ID is a batch or a job, as for `pause`."""
    by = {"change": _change(change)}
    return carry_out(door(workspace), "priority", ids, by)


@operator_command("front")
@_IDS
@workspace_option
def front(workspace: Path, ids: tuple[str, ...]) -> int:
    """The first ID comes first. Running jobs continue. ID is a batch or a job, as for `pause`."""
    return carry_out(door(workspace), "front", ids[::-1])


@operator_command("decide")
@click.argument("job")
@click.argument("key")
@click.argument("value")
@click.option("--text", is_flag=True, help="Take VALUE as text, also a number, true or null.")
@workspace_option
def decide(workspace: Path, job: str, key: str, value: str, *, text: bool) -> int:
    """KEY is one of the decisions that the recipe asks for.

    For refine, that is `select` (the number of the iteration that is the result) or
    `iteration-N/prompt`; for storyboard, `scene-N/select` (the number of a variation) or
    `scene-N/prompt`. A prompt is VALUE as it is; anything else is JSON if it can be read as JSON,
    otherwise text. What does not fit the job is refused, and the job stays as it is.
    """
    opened = door(workspace)
    if isinstance(opened, Workspace):  # a server says so itself
        from engine.client.consequences import refusal_of_key

        if refusal := refusal_of_key(opened, job, key):
            raise click.UsageError(refusal)
    decided = value if text else _decided(key, value)
    return carry_out(opened, "decide", [job], {"key": key, "value": decided})


def _decided(key: str, text: str) -> Any:
    """Return a prompt as text and any other value as JSON, or as text if it is not JSON.

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


@operator_command("lane")
@click.argument("name")
@click.option("--concurrency", type=click.IntRange(1, 256), help="Maximum calls in flight.")
@click.option(
    "--requests-per-minute",
    type=click.FloatRange(0, 1_000_000),
    help="Maximum calls per minute; 0 for no limit.",
)
@workspace_option
def lane(
    workspace: Path, name: str, concurrency: int | None, requests_per_minute: float | None
) -> int:
    """NAME is a lane as `safelight status` shows it, or a backend for all of its lanes.

    To make it permanent, set it in safelight.toml.
    """
    if concurrency is None and requests_per_minute is None:
        raise click.UsageError("Say what to change: --concurrency or --requests-per-minute.")
    wanted = {
        "lane": name,
        "concurrency": concurrency,
        "requests_per_minute": requests_per_minute,
    }
    opened = door(workspace)
    if not isinstance(opened, Workspace):
        return step_in(opened, "lane", [], wanted)
    return tell(opened, [name], opened.command("lane", [], wanted, source="cli"))


@operator_command("budget")
@click.argument("batch")
@click.argument("amount", metavar="DOLLARS|none")
@workspace_option
def budget(workspace: Path, batch: str, amount: str) -> int:
    """`none` takes it away. Parked jobs continue with `safelight resume BATCH`."""
    wanted = None if amount == "none" else parse_dollars(None, None, amount)
    return carry_out(door(workspace), "budget", [batch], {"budget": wanted})


def parse_value(text: str) -> Any:
    """Return the value of a JSON text, or the text itself if it is not JSON."""
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
    if not -_MAX_PRIORITY <= change <= _MAX_PRIORITY:
        raise click.BadParameter(f"A priority changes by {_MAX_PRIORITY} at most.")
    return change


def _ask_about_batches(workspace: Workspace, verb: str, ids: Sequence[str]) -> None:
    with workspace.reading() as connection:
        named = [resolve(connection, text) for text in ids]
    for item in named:
        if item.job is None:
            left = item.batch.total - item.batch.ended
            unfinished = pluralize(left, "job that has", "jobs that have") + " not ended"
            render.say(f"{item} ({item.batch.name}) has {unfinished}.")
            click.confirm(action_of(verb).question(str(item)), abort=True)


def carry_out(
    workspace: "Workspace | RemoteWorkspace",
    verb: str,
    ids: Sequence[str],
    arguments: Mapping[str, Any] | None = None,
) -> int:
    """Queue commands, wait for the answers and print them; return 2 if one was refused."""
    ids = list(dict.fromkeys(ids))
    if not isinstance(workspace, Workspace):
        return step_in(workspace, verb, ids, arguments)
    warn_of_namesakes(workspace, ids)
    code = tell(workspace, ids, workspace.command(verb, ids, arguments, source="cli"))
    if code == 0 and action_of(verb).starts_work and workspace.engine_process() is None:
        then = command_line(workspace.shown_root, "engine --until-idle")
        render.say(f"No engine runs. To continue: {then}")
    return code


def tell(workspace: Workspace, ids: Sequence[str], numbers: Sequence[int]) -> int:
    """Wait for the answers and print them; return 2 if a command was refused."""
    refused = False
    for text, command in zip(ids or [EVERYTHING], workspace.commands.wait(numbers), strict=True):
        if command is None or command.state == "pending":
            render.say(f"{text}: {workspace.commands.waits_for()}")
            continue
        refused = refused or command.state == "refused"
        click.echo(render.shown(command.answer, None).plain, err=command.state == "refused")
    return BAD_USAGE if refused else 0
