"""`safelight trust`: the addresses that your keys may be sent to, by workspace."""

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import click

from db.errors import StoreError
from db.queries.batches import batches
from db.queries.upkeep import open_snapshots
from engine.cli import render
from engine.cli.checks import Finding
from engine.cli.hub import ENDPOINT, TOKEN, cache_outside
from engine.cli.options import workspace_option
from engine.cli.trouble import CliError
from engine.client.workspace import Workspace
from engine.config.artifact_settings import ArtifactSettings
from engine.config.environment import Environment, same_form
from engine.config.settings import Settings, SettingsError, load_environment, read_settings
from engine.config.trust.commands import ALERT_VARIABLE, grant_of
from engine.config.trust.grants import all_trusted, revoke, trust_file, trusted
from engine.config.trust.grants import trust as keep
from engine.config.trust.guard import UntrustedDestination
from engine.config.trust.machines import machine_grant, machines_of_files
from engine.config.trust.object_stores import store_grant, store_of_files
from engine.config.trust.signing import signing_grants
from engine.config.trust.webhook_hosts import host_grant, hosts_of_files
from engine.plugins.catalog import EntryPointCatalog
from engine.runtime.job.load import in_order

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


def check_trust(root: Path) -> Iterator[Finding]:
    """List the addresses for keys that the files of a workspace name, trusted or not."""
    try:
        addresses = dict(addresses_of(root))
    except (SettingsError, sqlite3.DatabaseError):
        return  # reported by other checks
    known = trusted(root)
    for address, names in sorted(addresses.items()):
        keys = " and ".join(names)
        if address in known:
            state, remedy = f"{keys} may go to {address} since {known[address][:10]}", ""
        else:
            state = f"your {keys} may not go to {address}, which only this workspace names"
            remedy = f"If you trust it: {render.command_line(root, 'trust')}"
        yield Finding("trust", True, state, remedy)
    if not addresses:
        yield Finding("trust", True, "no file here names an address that keys are sent to")


def addresses_of(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the addresses for keys that the files of a workspace name, with the keys' names."""
    settings = read_settings(root)
    environment = load_environment(root, settings.given)
    catalog, keys_of = EntryPointCatalog(), dict[str, set[str]]()
    for capability, name, options in _backends(root, catalog, settings.backends):
        addresses, keys = _needs(catalog, capability, name, options, environment)
        for address in addresses - environment.given if keys else ():
            keys_of.setdefault(address, set()).update(keys)
    for folder in _folders_outside(root, settings.outputs.folder):
        if folder not in environment.given:
            keys_of.setdefault(folder, set()).add("results")
    if cache := cache_outside(environment):
        keys_of.setdefault(str(cache), set()).add("weights")
    files = _places_of_files(root, settings.artifacts, environment)
    for grant, what in chain(_grants(settings, environment), files):
        keys_of.setdefault(grant, set()).add(what)
    if ENDPOINT in environment.of_workspace and environment[ENDPOINT].strip():
        keys_of.setdefault(same_form(environment[ENDPOINT]), set()).add(TOKEN)
    return ((address, sorted(names)) for address, names in keys_of.items())


def _places_of_files(
    root: Path, settings: ArtifactSettings, environment: Environment
) -> Iterator[tuple[str, str]]:
    """Yield the object store and the cache outside a workspace that its files name."""
    if settings.url and (place := store_of_files(settings, environment)):
        yield store_grant(place), "files"
    if settings.url and settings.cache:
        for folder in _outside(root, [settings.cache]) - environment.given:
            yield folder, "cache of files"


def _grants(settings: Settings, environment: Environment) -> Iterator[tuple[str, str]]:
    """Yield what else the files of a workspace name, as the trust file has it, and its use."""
    command = settings.alerts.command
    if command and os.environ.get(ALERT_VARIABLE) != command:
        yield grant_of(command), "alerts"
    for host in hosts_of_files(settings.api.webhook_hosts, environment):
        yield host_grant(host), "webhooks"
    for grant in signing_grants(settings.provenance):
        yield grant, "signatures"
    for name in machines_of_files(settings.hosts, environment):
        yield machine_grant(settings.hosts, name), "images"


def _folders_outside(root: Path, of_settings: str) -> set[str]:
    """Yield the folders outside a workspace that its settings or unfinished batches write to."""
    names = [of_settings]
    with suppress(StoreError), Workspace(root).reading() as connection:
        names += [batch.outputs for batch in batches(connection) if not batch.is_over]
    return _outside(root, names)


def _outside(root: Path, names: Iterable[str]) -> set[str]:
    """Return those of some folders that are outside a workspace, absolute."""
    here = os.path.normpath(root.absolute())
    folders = {os.path.normpath(Path(here, name)) for name in names}
    return {folder for folder in folders if not Path(folder).is_relative_to(here)}


def _backends(
    root: Path, catalog: EntryPointCatalog, options: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield every backend with the workspace's settings and with those of batches."""
    for family in catalog.all_families():
        for capability in family.factories:
            yield capability, family.name, options.get(family.name, {})
    try:
        with Workspace(root).reading() as connection:
            snapshots = [json.loads(snapshot) for snapshot in open_snapshots(connection)]
    except StoreError:
        return
    for snapshot in snapshots:
        for capability, first in snapshot.get("backends", {}).items():
            for described in in_order(first):
                yield capability, described["name"], described["settings"]


def _needs(
    catalog: EntryPointCatalog,
    capability: str,
    name: str,
    settings: Mapping[str, Any],
    environment: Environment,
) -> tuple[set[str], list[str]]:
    try:
        return catalog.needs_trust(capability, name, settings, environment)
    except (KeyError, ValueError, ImportError, AttributeError):
        return set(), []  # a backend that cannot be created sends nothing


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
