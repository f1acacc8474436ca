"""What the doctor checks of the installation and the settings."""

import platform
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.store import has_wal_reset_bug
from engine.cli.catalog import read_backends
from engine.settings import SettingsError, read_settings
from engine.version import __version__


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: What was checked.
        ok: Whether nothing has to be done.
        found: What is the case, in a sentence.
        remedy: What to do, where it is not well.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""


def check_installation() -> Iterator[Finding]:
    """Versions of Safelight, Python and SQLite."""
    where = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding("versions", True, f"Safelight {__version__}, {where}")
    found = f"SQLite {sqlite3.sqlite_version}"
    if has_wal_reset_bug():
        found += (
            "; it has the WAL-reset bug, which Safelight avoids by letting one connection alone "
            "checkpoint. Let no other program write to the store"
        )
    yield Finding("sqlite", True, found)


def check_settings(root: Path) -> Iterator[Finding]:
    """Whether the settings can be read."""
    try:
        read_settings(root)
    except SettingsError as error:
        yield Finding("settings", False, str(error), "Mend it, then run this again.")
        return
    yield Finding("settings", True, "can be read")


def missing_of_backends(root: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Each backend with its capability, what it lacks and the remedy, both empty where ready.

    Last comes the provider's package that it asks through, with its version; empty where none.
    """
    for family in read_backends(root):
        for made in family["capabilities"]:
            what = "; ".join(item["what"] for item in made["missing"])
            remedy = " ".join(item["remedy"] for item in made["missing"])
            yield family["name"], made["capability"], what, remedy, made["client"] or ""
