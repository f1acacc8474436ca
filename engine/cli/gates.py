"""`safelight approve` and `safelight reject`: operators' answers at the gates of a recipe."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli import render
from engine.cli.control import carry_out, operator_command
from engine.cli.doors import door
from engine.cli.options import workspace_option
from engine.cli.trouble import CliError
from engine.client.gates import WaitingGate, only_gate
from engine.client.ids import resolve
from engine.client.workspace import Workspace

if TYPE_CHECKING:
    from engine.client.remote.workspace import RemoteWorkspace

MAX_EDIT_BYTES = 4 << 20
"""Maximum size of an edited value as JSON."""


@operator_command("approve")
@click.argument("job")
@click.argument("key", required=False, default="")
@click.option(
    "--edit",
    "edited",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Approve the JSON in FILE (- for standard input) instead of the waiting value.",
)
@click.option("--print", "prints", is_flag=True, help="Print the value as JSON; approve nothing.")
@workspace_option
def approve(workspace: Path, job: str, key: str, edited: Path | None, *, prints: bool) -> int:
    """KEY is the gate, if JOB waits at several.

    To edit the value: safelight approve JOB --print > FILE, change FILE, then safelight approve
    JOB --edit FILE. If JOB is a batch, all waiting values of it and of its jobs are approved, or
    those of KEY.
    """
    opened = door(workspace)
    if prints:
        click.echo(_shown(opened, job, key))
        return 0
    arguments: dict[str, Any] = {"key": key} if key else {}
    if edited is not None:
        arguments["value"] = _read(edited)
    return carry_out(opened, "approve", [job], arguments)


@operator_command("reject")
@click.argument("job")
@click.argument("key", required=False, default="")
@click.option("--reason", default="", help="Reason, for the recipe's history.")
@workspace_option
def reject(workspace: Path, job: str, key: str, reason: str) -> int:
    """KEY is the gate, if JOB waits at several.

    The recipe may then show something else; otherwise the job fails, and `safelight retry JOB` asks
    again. JOB may be a batch, as for approve.
    """
    arguments = {name: text for name, text in (("key", key), ("reason", reason)) if text}
    return carry_out(door(workspace), "reject", [job], arguments)


def _shown(workspace: "Workspace | RemoteWorkspace", job: str, key: str) -> str:
    """Return the value that waits at a gate, as JSON."""
    if isinstance(workspace, Workspace):
        return _waiting(workspace, job, key).text
    waiting = [gate for gate in workspace.waiting(job) if not key or gate["key"] == key]
    if len(waiting) != 1:
        names = ", ".join(gate["key"] for gate in waiting)
        raise CliError(f"Name one of its gates: {names}." if waiting else "Nothing waits there.")
    return render.to_json(waiting[0]["value"], indent=2)


def _waiting(workspace: Workspace, job: str, key: str) -> WaitingGate:
    with workspace.reading() as connection:
        named = resolve(connection, job)
        return only_gate(connection, named.batch, named.job, key)


def _read(path: Path) -> Any:
    """Read the JSON of a file.

    Raises:
        CliError: It cannot be read, is too large or is not JSON.
    """
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(MAX_EDIT_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_EDIT_BYTES + 1)
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_EDIT_BYTES:
        raise CliError(f"{path} is larger than {MAX_EDIT_BYTES >> 20} MiB.")
    try:
        return json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise CliError(f"{path} is not JSON: {error}.") from error


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
