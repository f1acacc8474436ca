"""The tables that the Cinematographer and the scene writer choose from: `coverage.toml`."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def choices() -> dict[str, Any]:
    """The tables, parsed."""
    text = files("engine.recipes.storyboard.rules").joinpath("coverage.toml").read_text("utf-8")
    return tomllib.loads(text)
