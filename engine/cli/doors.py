"""The workspace that a command is about: a folder of this machine, or that of `--server`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import __version__
from engine.cli import render
from engine.cli.trouble import BAD_USAGE, CliError
from engine.client.actions import action_of
from engine.client.workspace import Workspace
from engine.text.terminal import clean, quoted

if TYPE_CHECKING:
    from engine.client.remote.workspace import RemoteWorkspace

EVERYTHING = "everything"
"""Subject of a command without an id, in its answer."""


def server_url() -> str | None:
    """Return the address of `--server`, or None for a workspace of this machine."""
    context = click.get_current_context(silent=True)
    url = context.find_root().params.get("server") if context else None
    return str(url) if url else None


def remote_door() -> "RemoteWorkspace | None":
    """Return the workspace of `--server`, which is closed with the command; None without it.

    Raises:
        UserError: The address or the token cannot be used.
    """
    url = server_url()
    if url is None:
        return None
    from engine.client.remote.connect import connect

    remote = connect(url)
    click.get_current_context().call_on_close(remote.close)
    return remote


def door(workspace: Path) -> "Workspace | RemoteWorkspace":
    """Return the workspace that a command is about.

    Args:
        workspace: The folder, unless there is a server.
    """
    return remote_door() or Workspace(workspace)


def of_another_version(error: Exception) -> CliError | None:
    """Return the sentence for a document of a server that lacks a member; None for a bug."""
    if not isinstance(error, KeyError):
        return None
    return CliError(
        f"An answer of the server lacks {quoted(str(error.args[0]), 60)}, which Safelight "
        f"{__version__} reads. Install the same version here and there."
    )


def printable(value: Any) -> Any:
    """Return plain data of a server with texts that cannot act on a terminal."""
    if isinstance(value, str):
        return clean(value, None, keep_newlines=True)
    if isinstance(value, Mapping):
        return {key: printable(one) for key, one in value.items()}
    return [printable(one) for one in value] if isinstance(value, list) else value


def step_in(
    remote: "RemoteWorkspace",
    verb: str,
    ids: Sequence[str],
    arguments: Mapping[str, Any] | None = None,
) -> int:
    """Have something done at a server and print the answers; return 2 if one was refused."""
    refused = False
    for text, answer in zip(ids or [EVERYTHING], remote.step_in(verb, ids, arguments), strict=True):
        if answer["status"] == "pending":
            render.say(f"{text}: asked for; the engine there has not processed it yet.")
            continue
        wrong = answer["status"] == "refused"
        refused = refused or wrong
        click.echo(render.shown(str(answer["answer"] or ""), None).plain, err=wrong)
    if not refused and action_of(verb).starts_work and not _has_engine(remote):
        render.say("No engine runs there. It continues once one does.")
    return BAD_USAGE if refused else 0


def _has_engine(remote: "RemoteWorkspace") -> bool:
    return bool(remote.status(limit=1)["engine"]["running"])
