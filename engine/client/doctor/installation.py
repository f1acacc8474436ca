"""The doctor's checks of the installation and the settings."""

import platform
import sqlite3
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import engine
from db.store import has_wal_reset_bug
from engine import __version__
from engine.client.doctor.finding import Finding
from engine.client.doctor.top_level import providers
from engine.config.process.pinned_code import OWN_PACKAGES
from engine.config.settings import SettingsError, read_settings

DISTRIBUTION = "safelight"


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
    owners = providers(OWN_PACKAGES)
    home = Path(engine.__file__).parents[1]
    for name in OWN_PACKAGES:
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
