"""Configurations in the folder of a pipeline, read as data that may be anything."""

import json
import math
from pathlib import Path
from typing import Any

_MAX_BYTES = 1 << 20
"""Size of a configuration that is read."""


def positive(config: dict[str, Any], name: str) -> float | None:
    """Return a number of a configuration; None if it is not one above zero."""
    value = config.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None


def described(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """Return a configuration; empty if there is none that can be read."""
    try:
        with (folder / name).open("rb") as file:
            config = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
