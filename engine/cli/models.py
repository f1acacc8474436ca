"""`safelight models`: list, download and locate the weights of local backends."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.cli.trouble import FAILED, CliError
from engine.cli.trust import asking_for_trust
from engine.client.hub import (
    adopt_hub_variables,
    refuse_unsafe_hub,
    use_no_proxy_for_local_hub,
)
from engine.config.settings import load_environment, read_settings
from engine.config.trust.guard import UntrustedDestination
from engine.contract.install import install_command
from engine.models.weights import (
    BackendWithWeights,
    PullError,
    RequiredWeights,
    find,
    holds_weights,
    parse_source,
    pull,
    size,
)
from engine.plugins.catalog import BackendSettingsError, EntryPointCatalog, UnknownName
from engine.text import units
from engine.text.terminal import quoted


@dataclass(frozen=True, slots=True)
class WeightsUse:
    """Weights and the backend that requires them."""

    wanted: RequiredWeights
    backend: str


@click.group()
def models() -> None:
    """List, download and locate the weights of local models."""


@models.command("list")
@json_option
@workspace_option
def list_(workspace: Path, *, as_json: bool) -> int:
    """List the weights that the local backends require with the workspace's settings."""
    adopt_hub_variables(workspace)
    entries = [_document(use) for use in uses(workspace)]
    if as_json:
        render.print_json({"models": entries})
        return 0
    table = render.table("name", "backend", "size", "source", right=("size",), stretch="source")
    for item in entries:
        sign = "✓" if item["path"] else "✗"
        table.add_row(
            render.shown(f"{sign} {item['name']}", 60),
            item["backend"],
            units.size(item["size"]) if item["path"] else "",
            render.shown(item["source"], None),
        )
    render.console().print(table)
    if not all(item["path"] for item in entries):
        render.say("", "Download what is missing (✗): safelight models pull NAME")
    return 0


@models.command("pull")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@workspace_option
def pull_(workspace: Path, names: tuple[str, ...]) -> int:
    """Download weights by NAME as listed, or any model by its id on the hub.

    A name includes its parts: pickscore also downloads pickscore.processor. An interrupted
    download continues where it stopped. HF_TOKEN is used if a model requires one, HF_HOME sets the
    cache folder, and HF_ENDPOINT selects another hub.
    """
    asking_for_trust(lambda: refuse_unsafe_hub(workspace), ask=True)
    adopt_hub_variables(workspace)
    use_no_proxy_for_local_hub()
    _need_the_hub()
    chosen = [wanted for name in names for wanted in _named(workspace, name)]
    known = {use.wanted.name for use in uses(workspace)}
    failed = 0
    for wanted in chosen:
        try:
            path = pull(wanted)
        except PullError as error:
            render.say(f"✗ {wanted.name}: {error}")
            failed += 1
        else:
            failed += not _says_what_came(wanted, path, is_known=wanted.name in known)
    return FAILED if failed else 0


def _says_what_came(wanted: RequiredWeights, path: Path, *, is_known: bool) -> bool:
    """Print the path of a model; return True if it has weights, or is known to need none."""
    came = f"{path} ({units.size(size(path))})"
    if is_known or holds_weights(path):
        render.say(f"✓ {wanted.name}: {came}")
        return True
    render.say(
        f"✗ {wanted.name}: no weights came. {wanted.source} has none in the safetensors "
        f"format; its other files are at {came}."
    )
    return False


@models.command("path")
@click.argument("name")
@workspace_option
def path_(workspace: Path, name: str) -> int:
    """Print the path of the weights of NAME."""
    adopt_hub_variables(workspace)
    _need_the_hub()
    path = find(_named(workspace, name)[0])
    if path is None:
        raise CliError(f"{quoted(name)} is not on this machine. Run: safelight models pull {name}")
    render.say(str(path))
    return 0


def uses(root: Path) -> Iterator[WeightsUse]:
    """Yield the weights that the backends require with a workspace's settings, each once."""
    catalog = EntryPointCatalog()
    settings = read_settings(root)
    environment = load_environment(root, settings.given)
    seen: set[tuple[str, str]] = set()
    for family in catalog.all_families():
        options = settings.backends.get(family.name, {})
        for capability in family.factories:
            try:
                backend: Any = catalog.backend(capability, family.name, options, environment)
            except UntrustedDestination:
                continue  # its weights are on a server
            except (BackendSettingsError, UnknownName) as error:
                raise CliError(str(error)) from error
            if not isinstance(backend, BackendWithWeights):
                continue
            for wanted in backend.weights():
                if (wanted.name, wanted.source) not in seen:
                    seen.add((wanted.name, wanted.source))
                    yield WeightsUse(wanted, family.name)


def _named(root: Path, name: str) -> list[RequiredWeights]:
    """Return the weights of a name with their parts, or a model of the hub by its id."""
    known = [use.wanted for use in uses(root)]
    chosen = [item for item in known if item.name == name or item.name.startswith(f"{name}.")]
    if chosen:
        return chosen
    try:
        source = parse_source(name)
    except ValueError:
        source = None
    if source is None or source.repo is None:
        names = ", ".join(sorted({item.name for item in known}))
        raise CliError(
            f"No backend wants {quoted(name)}; they want: {names}. Or give a model's id."
        )
    short = source.repo.rpartition("/")[2][:60]
    return [
        RequiredWeights(name=short, source=str(source), needs=("config.json",), has_weights=False)
    ]


def _document(use: WeightsUse) -> dict[str, Any]:
    path = find(use.wanted) if _has_the_hub() else None
    return {
        "name": use.wanted.name,
        "backend": use.backend,
        "source": use.wanted.source,
        "path": None if path is None else str(path),
        "size": 0 if path is None else size(path),
    }


def _has_the_hub() -> bool:
    import importlib.util

    return importlib.util.find_spec("huggingface_hub") is not None


def _need_the_hub() -> None:
    if not _has_the_hub():
        raise CliError(f"Local models are not installed. Run: {install_command(extra='local')}")
