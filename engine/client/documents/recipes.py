"""Documents of recipes and of their models."""

import contextlib
from typing import TYPE_CHECKING, Any

from engine.client.documents.loaded import each_loaded
from engine.contract.options import Option
from engine.contract.recipe import AnyRecipe
from engine.queueing.extras import missing_extra

if TYPE_CHECKING:
    from engine.plugins.catalog import EntryPointCatalog


def read_recipes(catalog: "EntryPointCatalog") -> list[dict[str, Any]]:
    """Return every installed recipe, as `recipes --json` prints it."""
    with contextlib.suppress(Exception):  # only the search is wanted; what fails is in the list
        next(catalog.all_recipes(), None)
    return list(each_loaded(catalog.recipes, catalog.recipe, recipe_document, _broken_recipe))


def schema_document(recipe: AnyRecipe, *, settings: bool = False) -> dict[str, Any]:
    """Return the JSON schema of one entry of a recipe's input, or of its settings."""
    model = recipe.settings if settings else recipe.input
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **model.model_json_schema()}


def recipe_document(recipe: AnyRecipe) -> dict[str, Any]:
    """Return a recipe as plain data."""
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
