"""`safelight recipes`, `backends` and `schema`."""

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from engine.cli import render
from engine.cli.doors import printable, remote_door
from engine.cli.options import json_option, workspace_option
from engine.client.documents.backends import read_backends
from engine.client.documents.recipes import read_recipes, schema_document
from engine.client.hub import adopt_hub_variables
from engine.client.recipes import installed_catalog


@click.command()
@json_option
@workspace_option
def recipes(workspace: Path, *, as_json: bool) -> int:
    """List the available recipes."""
    del workspace  # recipes are those of the installation
    remote = remote_door()
    listed_recipes = printable(remote.recipes()) if remote else read_recipes(installed_catalog())
    if as_json:
        render.print_json({"recipes": listed_recipes})
        return 0
    table = render.table("recipe", "needs", "what it does")
    for recipe in listed_recipes:
        extra = [f"[{recipe['extra']}]"] if recipe["extra"] else []
        needs = ", ".join([*recipe["capabilities"], *extra])
        table.add_row(
            render.shown(recipe["name"], 40),
            needs,
            render.shown(recipe["error"] or recipe["summary"]),
        )
    render.console().print(table)
    for recipe in listed_recipes:
        for item in recipe["missing"]:
            sentence = f"{recipe['name']} needs {item['what']}. {item['remedy']}"
            render.console().print(render.shown(sentence, None))
    render.say("", "Its options: safelight run RECIPE --help")
    render.say("Its settings: safelight schema RECIPE --settings")
    return 0


@click.command()
@json_option
@workspace_option
def backends(workspace: Path, *, as_json: bool) -> int:
    """List the backends and the missing requirements of those that are not ready."""
    if remote := remote_door():
        families = printable(remote.backends())
    else:
        adopt_hub_variables(workspace)
        families = read_backends(workspace, installed_catalog())
    if as_json:
        render.print_json({"backends": families})
        return 0
    console = render.console()
    for family in families:
        console.print(render.shown(f"{family['name']}: {family['summary']}", style="bold"))
        for entry in family["capabilities"]:
            sign = "✓" if entry["ready"] else "✗"
            by = f"by {entry['client']} " if entry["client"] else ""
            by += f"on {entry['machine']} " if entry.get("machine") else ""
            model = f"{entry['model'] or ''} {by}{'(paid)' if entry['paid'] else ''}"
            console.print(Text(f"{sign} {entry['capability']:<7} ") + render.shown(model))
            for line in entry.get("details", ()):
                console.print(Text("  ") + render.shown(line, None))
            if entry["missing"]:
                needs = "; ".join(item["what"] for item in entry["missing"])
                console.print(Text("  ") + render.shown(f"needs {needs}", None))
    for remedy, names in _remedies(families):
        console.print(render.shown(f"For {', '.join(names)}: {remedy}", None))
    return 0


def _remedies(families: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return each remedy once, with the names of the backends that need it."""
    remedies: dict[str, dict[str, None]] = {}
    for family in families:
        for entry in family["capabilities"]:
            for item in entry["missing"]:
                remedies.setdefault(item["remedy"], {})[family["name"]] = None
    return [(remedy, list(names)) for remedy, names in remedies.items()]


@click.command()
@click.argument("recipe")
@click.option("--settings", is_flag=True, help="Print the schema of the settings instead.")
@workspace_option
def schema(workspace: Path, recipe: str, *, settings: bool) -> int:
    """Print the JSON schema of one entry of RECIPE's input, or of its settings."""
    del workspace
    if remote := remote_door():
        document = remote.schema(recipe, settings=settings)
    else:
        document = schema_document(installed_catalog().recipe(recipe), settings=settings)
    click.echo(render.to_json(document, indent=2))
    return 0
