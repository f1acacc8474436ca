"""`safelight plugins`: the installed plugins and their packages."""

from pathlib import Path

import click

from engine.cli import render
from engine.cli.options import json_option, workspace_option
from engine.client.documents.plugins import plugin_document
from engine.client.installed_plugins import InstalledPlugin, installed_plugins
from engine.client.recipes import installed_catalog


@click.command()
@json_option
@workspace_option
def plugins(workspace: Path, *, as_json: bool) -> int:
    """List recipes, backends, capabilities and kinds with their packages."""
    del workspace  # plugins are those of the installation
    installed = installed_plugins(installed_catalog())
    if as_json:
        render.print_json({"plugins": [plugin_document(plugin) for plugin in installed]})
        return 0
    table = render.table("", "plugin", "name", "package", "module")
    for plugin in installed:
        table.add_row(
            "✗" if plugin.error else "✓",
            plugin.group,
            render.shown(plugin.name, 40),
            render.shown(f"{plugin.package} {plugin.version}".strip() or "?", 60),
            render.shown(plugin.module, 80),
        )
    console = render.console()
    console.print(table)
    for plugin in installed:
        if plugin.error:
            console.print(render.shown(_sentence(plugin), 600))
    return 0


def _sentence(plugin: InstalledPlugin) -> str:
    known = plugin.error.startswith("The ")  # names itself
    return plugin.error if known else f"{plugin.group} {plugin.name}: {plugin.error}"
