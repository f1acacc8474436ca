"""`safelight models`: list, download and locate the weights of local backends."""

from pathlib import Path

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
from engine.client.weights import PulledWeights, path_of_weights, pull_weights, read_weights
from engine.contract.install import install_command
from engine.text import units
from engine.text.terminal import quoted


@click.group()
def models() -> None:
    """List, download and locate the weights of local models."""


@models.command("list")
@json_option
@workspace_option
def list_(workspace: Path, *, as_json: bool) -> int:
    """List the weights that the local backends require with the workspace's settings."""
    adopt_hub_variables(workspace)
    entries = read_weights(workspace, look=_has_the_hub())
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
    whole = [_says_what_came(pulled) for pulled in pull_weights(workspace, names)]
    return 0 if all(whole) else FAILED


def _says_what_came(pulled: PulledWeights) -> bool:
    """Print the path of a model; return True if it has weights, or is known to need none."""
    if pulled.error:
        render.say(f"✗ {pulled.name}: {pulled.error}")
        return False
    came = f"{pulled.path} ({units.size(pulled.size)})"
    if pulled.is_whole:
        render.say(f"✓ {pulled.name}: {came}")
        return True
    render.say(
        f"✗ {pulled.name}: no weights came. {pulled.source} has none in the safetensors "
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
    path = path_of_weights(workspace, name)
    if path is None:
        raise CliError(f"{quoted(name)} is not on this machine. Run: safelight models pull {name}")
    render.say(str(path))
    return 0


def _has_the_hub() -> bool:
    import importlib.util

    return importlib.util.find_spec("huggingface_hub") is not None


def _need_the_hub() -> None:
    if not _has_the_hub():
        raise CliError(f"Local models are not installed. Run: {install_command(extra='local')}")
