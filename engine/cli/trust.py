"""`safelight trust`: the addresses that your keys may be sent to, by workspace."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.cli import render
from engine.cli.options import workspace_option
from engine.cli.trouble import CliError
from engine.client.trust import addresses_of
from engine.config.trust.grants import all_trusted, revoke, trust_file
from engine.config.trust.grants import trust as keep
from engine.config.trust.guard import UntrustedDestination

T = TypeVar("T")


@click.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--list", "list_", is_flag=True, help="List the trusted addresses of all workspaces.")
@click.option("--revoke", "revokes", is_flag=True, help="Revoke all trust in the workspace.")
@workspace_option
def trust(folder: Path | None, workspace: Path, *, list_: bool, revokes: bool) -> int:
    """Allow your keys to be sent to the addresses that the files of a workspace name.

    DIR is the workspace's folder. By default, keys of your environment are sent only to the
    providers themselves and to addresses that you set by --set or
    SAFELIGHT_BACKENDS__NAME__BASE_URL, and results are written only to the workspace or to
    --output-dir. A command of alerts that they name is not run, nothing is sent to hosts of
    webhooks or to other machines, and nothing is signed with a key that they name. An address,
    folder, command, machine or key that changes later has to be trusted again. The same holds for
    an object store.
    """
    root = folder or workspace
    if list_:
        return _list()
    if revokes:
        return _revoke(root)
    if not root.is_dir():
        raise CliError(f"There is no folder {root}.")
    addresses = dict(addresses_of(root))
    if not addresses:
        render.say(
            f"The files of {root.absolute()} name no address that keys are sent to, and no folder "
            "outside it."
        )
        return 0
    _keep(root, addresses)
    render.say(f"{root.absolute()} may send keys and write results to:")
    for address, names in sorted(addresses.items()):
        render.say(f"  {address} ({', '.join(names)})")
    render.say("To continue jobs that wait for this: safelight resume BATCH")
    return 0


def asking_for_trust(action: Callable[[], T], *, ask: bool) -> T:
    """Run an action and return its result; ask on a terminal about an untrusted address.

    Args:
        action: Function that can be called again after it has raised `UntrustedDestination`.
        ask: False to never ask.

    Raises:
        UntrustedDestination: There is no terminal, or the answer was no.
    """
    while True:
        try:
            return action()
        except UntrustedDestination as error:
            if not (ask and sys.stdin.isatty() and sys.stderr.isatty()):
                raise
            click.echo(error.message, err=True)
            if not click.confirm("Do you trust it?", err=True):
                raise
            _keep(error.root, error.addresses)


def _keep(root: Path, addresses: Any) -> None:
    try:
        keep(root, addresses)
    except OSError as error:
        raise CliError(f"{trust_file()} cannot be written: {error.strerror or error}.") from None


def _list() -> int:
    trusted = all_trusted()
    for root, addresses in sorted(trusted.items()):
        render.say(f"{root}:")
        for address, since in sorted(addresses.items()):
            render.say(f"  {address} (since {since[:10]})")
    if not trusted:
        render.say("No address of any workspace is trusted.")
    return 0


def _revoke(root: Path) -> int:
    try:
        had = revoke(root)
    except OSError as error:
        raise CliError(f"{trust_file()} cannot be written: {error.strerror or error}.") from None
    if not had:
        render.say(f"No address of {root.absolute()} was trusted.")
        return 0
    render.say(f"No longer trusted: {', '.join(had)}.")
    render.say("A running engine applies this after a restart.")
    return 0
