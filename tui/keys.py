"""An operator's own keys, from `~/.config/safelight/keys.toml`.

    # Each line names an action (`?` lists them) and its keys, as Textual calls them.
    [keys]
    retry = "ctrl+r"
    cancel = "X,delete"

The folder is `$XDG_CONFIG_HOME/safelight` if that is set.
"""

import os
import tomllib
from pathlib import Path

from engine.text.errors import UserError
from engine.text.terminal import clean, quoted
from tui.actions import BY_ID


class KeysError(UserError):
    """The key file is invalid; the message gives the place."""


def key_file() -> Path:
    """Return the path of an operator's own keys."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "safelight" / "keys.toml"


def load_keys(path: Path) -> dict[str, str]:
    """Return keys by action, for `App.set_keymap`; empty if there is no file.

    Raises:
        KeysError: The file cannot be read, names an unknown action, or gives one key to two actions
            of one screen.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("keys", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise KeysError(f"{path}: {clean(str(error))}.") from error
    if not isinstance(table, dict):
        raise KeysError(f"{path}: write [keys] and below it lines such as: retry = 'ctrl+r'.")
    for name, keys in table.items():
        if name not in BY_ID:
            raise KeysError(f"{path}: there is no action {quoted(name)}; press ? for their names.")
        if not isinstance(keys, str) or not keys.strip():
            raise KeysError(f"{path}: the keys of {name} are a text such as 'ctrl+r,f5'.")
    _refuse_clashes(path, table)
    return table


def _refuse_clashes(path: Path, table: dict[str, str]) -> None:
    owners: dict[tuple[str, str], str] = {}
    for name, keys in table.items():
        for key in keys.split(","):
            for where in BY_ID[name].where:
                other = owners.setdefault((where, key.strip()), name)
                if other != name:
                    raise KeysError(
                        f"{path}: {quoted(key)} is bound to both {other} and {name}; choose."
                    )
