"""Theme files: the dashboard's look as data.

A theme is a TOML file: a name, whether it is dark, and colours as `#rrggbb`. The ones of the
program are beside this module; users put their own into `~/.config/safelight/themes/`
(`$XDG_CONFIG_HOME/safelight/themes/`), and may name a built-in one as their base.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel",
    "muted", "success", "warning", "error", "cursor", "cursor-text", "added", "removed",
)  # fmt: skip
"""The colours that every theme has."""

STATES = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
"""The states of a job, each with its own colour."""

MAX_BYTES = 64 * 1024
"""Maximum size of a theme file in bytes."""

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]{0,59}")
_VALUE = re.compile(r"[#\w .%-]{1,60}")  # goes into style sheets: nothing that could end a rule


class ThemeError(ValueError):
    """An invalid theme file; the message names the file, the field and the remedy."""


@dataclass(frozen=True, slots=True)
class ThemeData:
    """One theme.

    Attributes:
        name: Lower-case letters, digits and hyphens.
        dark: Whether its background is dark.
        colours: Each of `COLOURS`, as `#rrggbb`.
        states: Each of `STATES`, as `#rrggbb`.
        variables: Other design variables of Textual that it sets.
    """

    name: str
    dark: bool
    colours: Mapping[str, str]
    states: Mapping[str, str]
    variables: Mapping[str, str]


def load_themes(user_folder: Path | None = None) -> list[ThemeData]:
    """Return all themes: built-in ones first, then users' own, which replace those of a name.

    Args:
        user_folder: Folder of users' own themes; by default `user_themes()`. It need not exist.

    Raises:
        ThemeError: A file is invalid; one sentence.
    """
    themes = {theme.name: theme for theme in bundled_themes()}
    folder = user_themes() if user_folder is None else user_folder
    for path in _theirs(folder):
        theme = _parse(_read(path), str(path), themes)
        themes[theme.name] = theme
    return list(themes.values())


def bundled_themes() -> list[ThemeData]:
    """Return the built-in themes, `safelight` first."""
    return list(_bundled())


@cache
def _bundled() -> tuple[ThemeData, ...]:
    themes: dict[str, ThemeData] = {}
    for name, text in _ours():
        themes[name] = _parse(text, f"{name}.toml", themes)
    return tuple(themes.values())


def user_themes() -> Path:
    """Return the folder of users' own themes, by the XDG base directory specification."""
    config = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    if not config.is_absolute():  # the specification: a relative one is ignored
        config = Path("~/.config").expanduser()
    return config / "safelight" / "themes"


def _ours() -> Iterator[tuple[str, str]]:
    paths = Path(__file__).parent.glob("*.toml")
    for path in sorted(paths, key=lambda path: len(path.name)):  # `safelight` is the first
        yield path.stem, path.read_text(encoding="utf-8")


def _theirs(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob("*.toml") if path.is_file())
    except OSError as error:
        raise ThemeError(f"The themes in {folder} cannot be read: {error.strerror}.") from None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ThemeError(f"{path} is larger than the {MAX_BYTES >> 10} KiB of a theme.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ThemeError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ThemeError(f"{path} is not UTF-8 text.") from None


def _parse(text: str, source: str, known: Mapping[str, ThemeData]) -> ThemeData:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(f"{source} is not TOML: {error}.") from None
    unknown = sorted(set(data) - {"name", "dark", "base", "colours", "states", "variables"})
    if unknown:
        raise ThemeError(
            f"{source}: {unknown[0]!r} is not known; a theme has name, dark, base, "
            "[colours], [states] and [variables]."
        )
    base = _base(data, source, known)
    dark = data.get("dark", base.dark if base else None)
    if not isinstance(dark, bool):
        raise ThemeError(f"{source}: say dark = true or dark = false.")
    return ThemeData(
        name=_name(data, source),
        dark=dark,
        colours=_table(data, "colours", COLOURS, source, base.colours if base else {}),
        states=_table(data, "states", STATES, source, base.states if base else {}),
        variables=_variables(data, source, base.variables if base else {}),
    )


def _name(data: Mapping[str, Any], source: str) -> str:
    name = data.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ThemeError(
            f"{source}: give it a name of at most 40 lower-case letters, digits and hyphens, "
            'such as name = "my-theme".'
        )
    return name


def _base(data: Mapping[str, Any], source: str, known: Mapping[str, ThemeData]) -> ThemeData | None:
    base = data.get("base")
    if base is None:
        return None
    if not isinstance(base, str) or base not in known:
        raise ThemeError(f"{source}: base must be one of {', '.join(known)}.")
    return known[base]


def _section(data: Mapping[str, Any], section: str, source: str) -> dict[str, Any]:
    values = data.get(section, {})
    if not isinstance(values, dict):
        raise ThemeError(f"{source}: {section} must be a table, written [{section}].")
    return values


def _table(
    data: Mapping[str, Any],
    section: str,
    names: tuple[str, ...],
    source: str,
    base: Mapping[str, str],
) -> dict[str, str]:
    """Return the colours of a section; missing ones are taken from the base."""
    values = _section(data, section, source)
    for name, value in values.items():
        if name not in names:
            raise ThemeError(
                f"{source}, [{section}]: {name[:40]!r} is not known; known are {', '.join(names)}."
            )
        if not isinstance(value, str) or not _COLOUR.fullmatch(value):
            raise ThemeError(f'{source}, [{section}]: write {name} as "#rrggbb".')
    merged = {**base, **values}
    missing = [name for name in names if name not in merged]
    if missing:
        raise ThemeError(
            f"{source}, [{section}]: {', '.join(missing)} is missing; set it, or name a base, "
            'such as base = "safelight".'
        )
    return merged


def _variables(data: Mapping[str, Any], source: str, base: Mapping[str, str]) -> dict[str, str]:
    values = _section(data, "variables", source)
    for name, value in values.items():
        if not _VARIABLE.fullmatch(name):
            raise ThemeError(f"{source}, [variables]: {name[:40]!r} is not a variable's name.")
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            raise ThemeError(
                f"{source}, [variables]: {name} must be a colour or a word, in quotation marks."
            )
    return {**base, **values}
