"""A recipe's own flags in `safelight run` and `safelight queue`."""

import types
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click

from engine.client.recipes import InstalledCatalog, installed_catalog
from engine.contract.options import Option, option_named
from engine.contract.recipe import AnyRecipe
from engine.text.plural import enumerate_words
from engine.text.terminal import clean

RECIPE_OPTIONS = "recipe_options"
"""Parameter of a command with the values of the given options, by the option's key."""

IN_FLIGHT = "--batch-size"
"""Flag of every recipe for the number of jobs at the same time."""

_PREFIX = "recipe_option_"
_RECIPE = "safelight.recipe"


class RecipeCommand(click.Command):
    """Command with an argument RECIPE that also takes the recipe's own flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments once the recipe among them is known."""
        catalog, appends = installed_catalog(), "--append" in args
        ctx.meta[_RECIPE] = recipe = _loaded(catalog, self._named_recipe(catalog, args))
        taken = {flag for param in self.params for flag in (*param.opts, *param.secondary_opts)}
        _refuse_taken(recipe, taken)
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _explained(error, catalog, recipe, appends=appends) from None
        except click.UsageError as error:
            raise _one_input(error) from None
        names = [name for name in ctx.params if name.startswith(_PREFIX)]
        values = {name.removeprefix(_PREFIX): ctx.params.pop(name) for name in names}
        ctx.params[RECIPE_OPTIONS] = {k: v for k, v in values.items() if v not in (None, ())}
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's parameters and the recipe's."""
        return [*super().get_params(ctx), *_parameters(ctx.meta.get(_RECIPE))]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the recipe's flags below those of every recipe."""
        recipe = ctx.meta.get(_RECIPE)
        ctx.meta[_RECIPE] = None
        super().format_options(ctx, formatter)
        ctx.meta[_RECIPE] = recipe
        rows = [row for p in _parameters(recipe) if (row := p.get_help_record(ctx)) is not None]
        if recipe is not None and rows:
            with formatter.section(f"Options of {recipe.name}"):
                formatter.write_dl(rows)

    def _named_recipe(self, catalog: InstalledCatalog, args: Sequence[str]) -> str:
        """Return the recipe's name: the first word that is one and not the value of an option."""
        words = list(self._words(args))
        known = next((word for word in words if word in catalog.recipes), None)
        if known is None:
            names = catalog.names("recipe") if words else ()
            known = next((word for word in words if word in names), None)
        return known or ""

    def _words(self, args: Sequence[str]) -> Iterator[str]:
        takes = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        left = iter(args)
        for word in left:
            if word == "--":
                yield from left
            elif word in takes:
                next(left, None)
            elif not word.startswith("-"):
                yield word


def _loaded(catalog: InstalledCatalog, name: str) -> AnyRecipe | None:
    try:
        return catalog.recipe(name) if name else None
    except Exception:  # noqa: BLE001 - the command loads it again, and shows what is wrong with it
        return None


def _refuse_taken(recipe: AnyRecipe | None, taken: Collection[str]) -> None:
    for option in recipe.options if recipe else ():
        if clash := next((flag for flag in _spellings(option) if flag in taken), None):
            name = recipe.name if recipe else ""
            raise click.ClickException(
                f"Recipe {name} has an option {clash}, which is reserved by Safelight."
            )


def _explained(
    error: click.NoSuchOption,
    catalog: InstalledCatalog,
    recipe: AnyRecipe | None,
    *,
    appends: bool,
) -> click.UsageError:
    """Return an error that names the recipes which have an option, else the error itself."""
    flag = error.option_name.partition("=")[0]
    every = (_loaded(catalog, name) for name in catalog.names("recipe"))
    others = [one.name for one in every if one and option_named(one.options, flag)]
    if not others or not flag.startswith("--"):
        return error
    if appends:
        reason = f"With --append, {flag} has no effect: the batch has its own."
    else:
        this = f"not of {recipe.name}" if recipe else "name it before INPUT"
        reason = f"{flag} is an option of {enumerate_words(others)}, {this}."
    return click.UsageError(reason, error.ctx)


def _one_input(error: click.UsageError) -> click.UsageError:
    """Return an error that has the remedy for several inputs, else the error itself."""
    if not error.message.startswith("Got unexpected extra argument"):
        return error
    remedy = "Give one INPUT: a file, a folder, or a pattern in quotation marks ('sounds/*.flac')."
    return click.UsageError(f"{error.message}. {remedy}", error.ctx)


def _parameters(recipe: AnyRecipe | None) -> list[click.Option]:
    options = [option for option in recipe.options if _spellings(option)] if recipe else []
    return [_parameter(option, recipe) for option in options] if recipe else []


def _spellings(option: Option) -> list[str]:
    """Return the flags of an option that are not the command's own for the same thing."""
    aliases = (IN_FLIGHT,) if option.target == "in_flight" else ()
    return [flag for flag in option.flags if flag not in aliases]


def _parameter(option: Option, recipe: AnyRecipe) -> click.Option:
    model = {"setting": recipe.settings, "entry": recipe.input}.get(option.target)
    field = model.model_fields[option.name] if model is not None else None
    shape = _shape(field.annotation if field else Path)
    help_ = option.help or clean((field and field.description) or "", 300)
    if option.target == "input":
        help_ = help_ or "The same as INPUT."
    if option.target == "output":
        help_ = help_ or "The same as --output-dir."
    if option.target == "in_flight":
        help_, shape = help_ or f"The same as {IN_FLIGHT}.", {"type": click.IntRange(1)}
    flags = _spellings(option)
    if shape.pop("is_flag", False):
        flags[0] = f"{flags[0]}/--no-{flags[0].removeprefix('--')}"
    return click.Option([*flags, f"{_PREFIX}{option.key}"], default=None, help=help_, **shape)


def _shape(annotation: Any) -> dict[str, Any]:
    """Return click's arguments for a field: switch, repeated, choices, path or text.

    The field's model checks the value, so only the shape on the command line matters here.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return _shape(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        inner = [part for part in get_args(annotation) if part is not type(None)]
        return _shape(inner[0]) if len(inner) == 1 else {"metavar": "TEXT"}
    if origin in {tuple, list, set, frozenset}:
        return {**_shape((get_args(annotation) or (str,))[0]), "multiple": True}
    if origin is Literal:
        return {"type": click.Choice([str(choice) for choice in get_args(annotation)])}
    if annotation is bool:
        return {"is_flag": True}
    return {"metavar": {int: "INTEGER", float: "NUMBER", Path: "PATH"}.get(annotation, "TEXT")}
