"""Tables of the painter, as TOML files of this package."""

import tomllib
from importlib.resources import files
from typing import Any


def table(name: str) -> dict[str, Any]:
    """Return one of this package's TOML files, parsed."""
    return tomllib.loads(files("engine.backends.builtin.painter").joinpath(name).read_text("utf-8"))
