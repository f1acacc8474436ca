"""Settings and identity that backends of local models share."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel

from engine.models.weights import checked_source

SourceText = Annotated[str, AfterValidator(checked_source)]
"""Source of weights: `org/name`, `org/name@revision`, `org/name:file`, or a path."""

DEVICE = r"^((cuda|cpu)(:\d{1,3})?|mps)?$"
"""Pattern of a device's name; empty for any accelerator."""


def split_loras(value: Any) -> Any:
    """Return LoRAs as tables: one or several, written as `SOURCE` or `SOURCE*WEIGHT`, or as tables.

    Raises:
        ValueError: A list is not JSON.
    """
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                value = json.loads(text)
            except ValueError:
                raise ValueError("is no JSON list") from None
        else:
            value = [part.strip() for part in text.split(",") if part.strip()]
    return [_table(one) for one in value] if isinstance(value, list | tuple) else value


def _table(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    source, star, weight = value.rpartition("*")
    if not star:
        return {"source": value}
    return {"source": source, "weight": weight}


def version_of(
    settings: BaseModel, method: str, names: Sequence[str], parts: Mapping[str, Any]
) -> str:
    """Version of a method, with each setting that changes a result and is not the usual one.

    Args:
        settings: The settings, of a model whose fields all have defaults.
        method: Version of the backend's own method.
        names: Settings that change a result.
        parts: Models that are loaded with the main one, as plain data without paths.
    """
    usual = type(settings)()
    changed = [
        f"{name}={_plain(getattr(settings, name))}"
        for name in names
        if getattr(settings, name) != getattr(usual, name)
    ]
    if parts:
        text = json.dumps(parts, sort_keys=True)
        changed.append(f"parts={hashlib.sha256(text.encode()).hexdigest()[:12]}")
    return "+".join((method, *changed))


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
