"""Schemas of recipes as callers over the wire use them: files are named, never paths."""

from collections.abc import Mapping
from typing import Any

from engine.api.intake.batches import local_settings
from engine.api.intake.bodies import HASH
from engine.contract.recipe import AnyRecipe

_STORED = {
    "type": "string",
    "pattern": HASH,
    "description": "An uploaded or generated file, as `sha256:` and its hash.",
}


def entry_schema(recipe: AnyRecipe, reference: str = "") -> dict[str, Any]:
    """Return the schema of an entry of a recipe.

    Args:
        recipe: The recipe.
        reference: Template of references to further schemas, with `{model}`; by default `$defs`.
    """
    options = {"ref_template": reference} if reference else {}
    schema: dict[str, Any] = _with_nulls(_with_files(recipe.input.model_json_schema(**options)))
    return schema


def _with_nulls(schema: Any) -> Any:
    """Return a schema whose optional members may be null, which is the same as leaving them out."""
    if isinstance(schema, list):
        return [_with_nulls(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    changed = {key: _with_nulls(one) for key, one in schema.items()}
    required = schema.get("required", ())
    for name, one in changed.get("properties", {}).items() if "type" in schema else ():
        if name not in required and isinstance(one, dict) and "type" in one:
            rest = {key: one[key] for key in ("default", "description", "examples") if key in one}
            changed["properties"][name] = {"anyOf": [one, {"type": "null"}], **rest}
    return changed


def settings_schema(recipe: AnyRecipe, reference: str = "") -> dict[str, Any]:
    """Return the schema of a recipe's settings, without those that are the operator's alone."""
    options = {"ref_template": reference} if reference else {}
    schema: dict[str, Any] = recipe.settings.model_json_schema(**options)
    local = local_settings(recipe)
    schema["properties"] = {
        name: one for name, one in schema.get("properties", {}).items() if name not in local
    }
    return schema


def _with_files(schema: Any) -> Any:
    """Return a schema in which names of stored files take the place of paths."""
    if isinstance(schema, Mapping):
        if schema.get("format") == "path":
            return _STORED
        return {key: _with_files(one) for key, one in schema.items()}
    if isinstance(schema, list):
        return [_with_files(one) for one in schema]
    return schema
