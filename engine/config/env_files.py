"""The `.env` files of a workspace, read as they are written."""

import os
from pathlib import Path

ENV_FILES = (".env", ".env.local")
"""Files of `NAME=value` lines in the workspace; the later one wins, the environment over both."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of a file; none if it is missing or not a regular file.

    References such as `${NAME}` are not replaced: a file from somebody else could put the user's
    own keys into an address with them. A named pipe would be waited for.
    """
    from dotenv import dotenv_values

    if not path.is_file():
        return {}
    values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    return {name: value for name, value in values.items() if value is not None}


def lies_outside(root: Path, path: Path) -> bool:
    """True if a link leads from a path in a workspace to a file outside it."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
