"""The `.env` files of a workspace, read without interpolation."""

import os
from pathlib import Path

ENV_FILES = (".env", ".env.local")
"""Files of `NAME=value` lines in the workspace; the later one wins, the environment over both."""


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of a file; empty if it is missing or not a regular file.

    References such as `${NAME}` are not replaced: with them, a file from somebody else could put
    the user's own keys into an address. Reading a named pipe would block.
    """
    from dotenv import dotenv_values

    if not path.is_file():
        return {}
    values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    return {name: value for name, value in values.items() if value is not None}


def lies_outside(root: Path, path: Path) -> bool:
    """True if a link leads from a path in a workspace to a file outside it."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
