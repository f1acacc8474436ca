"""`safelight recipes`, `backends` and `schema`."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.text import Text

from engine.cli import render
from engine.cli.hub import adopt_hub_variables
from engine.cli.options import json_option, workspace_option
from engine.config.settings import load_environment, read_settings
from engine.config.trust.guard import UntrustedDestination
from engine.contract import Backend, BackendFamily, MissingRequirement
from engine.contract.options import Option
from engine.contract.recipe import AnyRecipe
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.extras import missing_extra

T = TypeVar("T")


@click.command()
@json_option
@workspace_option
def recipes(workspace: Path, *, as_json: bool) -> int:
    """List the available recipes."""
    del workspace  # recipes are those of the installation
    catalog = EntryPointCatalog()
    with contextlib.suppress(Exception):  # only the search is wanted; what fails is told below
        next(catalog.all_recipes(), None)
    listed_recipes = list(_each(catalog.recipes, catalog.recipe, _recipe_document, _broken_recipe))
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
    adopt_hub_variables(workspace)
    families = read_backends(workspace)
    if as_json:
        render.print_json({"backends": families})
        return 0
    console = render.console()
    for family in families:
        console.print(render.shown(f"{family['name']}: {family['summary']}", style="bold"))
        for entry in family["capabilities"]:
            sign = "✓" if entry["ready"] else "✗"
            by = f"by {entry['client']} " if entry["client"] else ""
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
    loaded = EntryPointCatalog().recipe(recipe)
    model = loaded.settings if settings else loaded.input
    drawn = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | model.model_json_schema()
    click.echo(render.to_json(drawn, indent=2))
    return 0


def read_backends(root: Path) -> list[dict[str, Any]]:
    """Return every backend with its missing requirements, as `backends --json` prints it.

    Args:
        root: The workspace whose settings and keys are used; it need not exist.
    """
    catalog = EntryPointCatalog()
    settings = read_settings(root)
    environment = load_environment(root, settings.given)

    def describe(family: BackendFamily) -> dict[str, Any]:
        options = settings.backends.get(family.name, {})
        capabilities = [
            _capability(catalog, family, name, options, environment) for name in family.factories
        ]
        return {"name": family.name, "summary": family.summary, "capabilities": capabilities}

    with contextlib.suppress(Exception):  # only the search is wanted; what fails is told below
        next(catalog.all_families(), None)
    return list(_each(catalog.families, catalog.family, describe, _broken_family))


def read_backend(
    root: Path, name: str, capability: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one backend with the given settings, as `backends --json` prints it.

    Args:
        root: The workspace whose keys are used.
        name: The backend's name.
        capability: Capability that it is asked for.
        settings: Its settings, for example those of a batch.

    Raises:
        UnknownName: There is no such backend.
    """
    catalog = EntryPointCatalog()
    return _capability(catalog, catalog.family(name), capability, settings, load_environment(root))


def _each(
    names: Mapping[str, str],
    load: Callable[[str], T],
    describe: Callable[[T], dict[str, Any]],
    broken: Callable[[str, str], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    for name in sorted(names):
        try:
            yield describe(load(name))
        except Exception as error:  # noqa: BLE001 - one broken package must not hide the others
            yield broken(name, f"{type(error).__name__}: {error}")


def _recipe_document(recipe: AnyRecipe) -> dict[str, Any]:
    headline = recipe.headline
    return {
        "name": recipe.name,
        "version": recipe.version,
        "summary": recipe.summary,
        "capabilities": list(recipe.uses),
        "headline": {
            "metric": headline.metric,
            "low": headline.low,
            "high": headline.high,
            "unit": headline.unit,
            "higher_is_better": headline.higher_is_better,
        },
        "options": [_option_document(option) for option in recipe.options],
        "extra": recipe.extra or None,
        "missing": [item.model_dump() for item in missing_extra(recipe)],
        "error": None,
    }


def _option_document(option: Option) -> dict[str, Any]:
    return {"flags": list(option.flags), "target": option.target, "name": option.name or None}


def _broken_recipe(name: str, error: str) -> dict[str, Any]:
    return {
        "name": name,
        "version": None,
        "summary": "",
        "capabilities": [],
        "headline": None,
        "options": [],
        "extra": None,
        "missing": [],
        "error": error,
    }


def _broken_family(name: str, error: str) -> dict[str, Any]:
    return {"name": name, "summary": f"cannot be loaded: {error}", "capabilities": []}


def _capability(
    catalog: EntryPointCatalog,
    family: BackendFamily,
    capability: str,
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    try:
        backend = catalog.backend(capability, family.name, settings, environment)
        info = backend.info
        missing = [item.model_dump() for item in lacking(backend)]
    except UntrustedDestination as error:
        what = f"your agreement that {' and '.join(error.key_names)} may go to {error.where}"
        missing = [MissingRequirement(what=what, remedy=error.remedy, reason="key").model_dump()]
        return _made(capability, None, None, paid=False, missing=missing)
    except Exception as error:  # noqa: BLE001 - a backend that cannot be created is not ready
        what = f"something that works: {type(error).__name__}: {error}"
        remedy = f"Fix [backends.{family.name}] in safelight.toml, or install it again."
        missing = [MissingRequirement(what=what, remedy=remedy, reason="backend").model_dump()]
        return _made(capability, None, None, paid=False, missing=missing)
    entry = _made(capability, info.model, info.version, paid=info.paid, missing=missing)
    details = backend.details()
    extra = {"details": details} if details else {}
    return entry | {"client": _installed(info.client)} | extra


def lacking(backend: Backend) -> list[MissingRequirement]:
    """Return what a backend lacks: other settings, requirements, or its server on this machine."""
    return _refused(backend) or backend.missing() or _unreachable(backend)


def _installed(package: str | None) -> str | None:
    """Return a package with its version; None if it is not installed."""
    with contextlib.suppress(PackageNotFoundError):
        return f"{package} {version_of(package)}" if package else None
    return None


def _refused(backend: Backend) -> list[MissingRequirement]:
    """Return the reason why a backend refuses its settings, as a list of at most one."""
    reason = backend.refusal()
    return (
        [MissingRequirement(what="other settings", remedy=reason, reason="backend")]
        if reason
        else []
    )


def _unreachable(backend: Backend) -> list[MissingRequirement]:
    """Return the local server of a backend that does not respond, as a list of at most one."""
    requirement = backend.unreachable()
    return [] if requirement is None else [requirement]


def _made(
    capability: str, model: str | None, version: str | None, *, paid: bool, missing: list[Any]
) -> dict[str, Any]:
    return {
        "capability": capability,
        "ready": not missing,
        "model": model,
        "version": version,
        "paid": paid,
        "missing": missing,
        "client": None,
    }
