"""The doctor's checks of the installation and the settings."""

import json
import platform
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import engine
from db.store import has_wal_reset_bug
from engine import __version__
from engine.client.doctor.finding import Finding
from engine.client.doctor.top_level import providers
from engine.client.documents.backends import read_backend, read_backends
from engine.config.settings import SettingsError, read_settings
from engine.plugins.catalog import EntryPointCatalog

DISTRIBUTION = "safelight"
NAMES = ("safelight", "tui", "engine", "db", "themes")
"""Our top-level names in `site-packages`."""


def check_installation() -> Iterator[Finding]:
    """Check the versions of Safelight, Python and SQLite."""
    where = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("versions", True, f"Safelight {__version__}, {where}")
    version = f"SQLite {sqlite3.sqlite_version}"
    if has_wal_reset_bug():
        version += (
            "; it has the WAL-reset bug, which Safelight avoids by letting one connection alone "
            "checkpoint. Let no other program write to the store"
        )
    yield Finding("sqlite", True, version)
    yield from check_names()


def check_names() -> Iterator[Finding]:
    """Check that no other package of this environment has one of our top-level names."""
    owners = providers(NAMES)
    home = Path(engine.__file__).parents[1]
    for name in NAMES:
        others = sorted({owner for owner in owners.get(name, ()) if owner != DISTRIBUTION})
        places = spec.submodule_search_locations if (spec := find_spec(name)) else None
        elsewhere = [place for place in places or () if Path(place).parent != home]
        if others or elsewhere:
            by = f"the package {', '.join(others)}" if others else elsewhere[0]
            remedy = "Install Safelight into an environment of its own (pipx or uv tool)."
            yield Finding("names", False, f"{name!r} is also provided by {by}", remedy)


def check_settings(root: Path) -> Iterator[Finding]:
    """Check that the settings can be read."""
    try:
        read_settings(root)
    except SettingsError as error:
        yield Finding("settings", False, str(error), "Fix it, then run this again.")
        return
    yield Finding("settings", True, "can be read")


def missing_of_backends(root: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield each backend with its capability, missing requirements, remedy and client.

    Requirements and remedy are empty if it is ready. The client is the provider's package with its
    version, or another machine that runs the models; empty if there is neither.
    """
    for family in read_backends(root, EntryPointCatalog()):
        for entry in family["capabilities"]:
            what, remedy = _lacks(entry["missing"])
            yield family["name"], entry["capability"], what, remedy, _by(entry)


def _by(entry: Mapping[str, Any]) -> str:
    """Return what generates: the provider's package, or the machine that has the models."""
    machine = entry.get("machine", "")
    return f"the machine {machine}" if machine else entry["client"] or ""


def missing_of_batches(
    root: Path, name: str, capability: str, wanted: Iterable[Mapping[str, Any]]
) -> tuple[str, str]:
    """Return the missing requirements of a backend with the settings of batches, and the remedy.

    Args:
        root: The workspace.
        name: The backend's name.
        capability: Its capability.
        wanted: Its settings in each batch; equal settings are checked once.

    Returns:
        Both texts are empty if nothing is missing.
    """
    alike = {json.dumps(settings, sort_keys=True): settings for settings in wanted}
    missing = (
        item
        for settings in alike.values()
        for item in read_backend(root, name, capability, settings)["missing"]
    )
    return _lacks(missing)


def _lacks(missing: Iterable[Mapping[str, str]]) -> tuple[str, str]:
    """Return all missing requirements and all remedies as two texts without repetition."""
    items = list(missing)
    whats = dict.fromkeys(item["what"] for item in items)
    return "; ".join(whats), " ".join(dict.fromkeys(item["remedy"] for item in items))
