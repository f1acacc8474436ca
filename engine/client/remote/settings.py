"""Settings that are written as text, as by `--set`, with the types that a server's schema has."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.client.remote.entries import alternatives

_TYPES: Mapping[str, type[Any]] = {"boolean": bool, "integer": int, "number": float}


def typed(schema: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the values of their types; what fits none is left for the server.

    Args:
        schema: JSON schema of the recipe's settings.
        settings: The settings; only texts are changed.
    """
    parts = schema.get("properties", {})
    return {
        name: _typed(parts.get(name, {}), schema.get("$defs", {}), value)
        if isinstance(value, str)
        else value
        for name, value in settings.items()
    }


def _typed(schema: Any, defs: Mapping[str, Any], text: str) -> Any:
    kinds = {str(one.get("type")) for one in alternatives(schema, defs) if "type" in one}
    if not kinds or "string" in kinds:
        return text
    for kind, python in _TYPES.items():
        if kind in kinds:
            try:
                return TypeAdapter(python).validate_python(text)
            except ValidationError:
                continue
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
