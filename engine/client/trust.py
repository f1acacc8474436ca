"""Addresses, folders and machines that the files of a workspace name, for a user to trust."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from db.errors import StoreError
from db.queries.batches import batches
from db.queries.upkeep import open_snapshots
from engine.client.hub import ENDPOINT, TOKEN, cache_outside
from engine.client.opened import OpenedWorkspace
from engine.config.artifact_settings import ArtifactSettings
from engine.config.environment import Environment, same_form
from engine.config.settings import Settings, load_environment, read_settings
from engine.config.trust.commands import ALERT_VARIABLE, grant_of
from engine.config.trust.machines import machine_grant, machines_of_files
from engine.config.trust.object_stores import store_grant, store_of_files
from engine.config.trust.signing import signing_grants
from engine.config.trust.webhook_hosts import host_grant, hosts_of_files
from engine.plugins.catalog import EntryPointCatalog
from engine.runtime.job.load import in_order


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
    with suppress(StoreError), OpenedWorkspace(root).reading() as connection:
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
        with OpenedWorkspace(root).reading() as connection:
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
