"""Open the store for reading, and say in a sentence why it cannot be read."""

import sqlite3

from db.connect import connect_reader
from db.errors import StoreError
from db.schema import SCHEMA_VERSION
from engine.client.engine_process import engine_holder
from engine.config.paths import WorkspacePaths
from engine.text.terminal import clean

PATIENCE_SECONDS = 2.0
"""Seconds to wait for a program that holds the store, until that is said."""

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_CLOSED = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}


class StoreUnreadable(Exception):
    """The store cannot be read; the message gives the reason and the remedy."""


def open_store(paths: WorkspacePaths, *, may_upgrade: bool) -> sqlite3.Connection:
    """Return a read-only connection to the store of a workspace.

    Args:
        paths: Folders of the workspace.
        may_upgrade: Bring a store of an older version up to date, after a copy of it, unless an
            engine runs there.

    Raises:
        StoreUnreadable: It is of another version.
        sqlite3.Error: It cannot be opened.
    """
    connection = _connect(paths)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return connection
    connection.close()
    if not 0 < version < SCHEMA_VERSION or not may_upgrade or engine_holder(paths):
        raise StoreUnreadable(_of_another_version(version, paths))
    _upgrade(paths)
    return _connect(paths)


def _connect(paths: WorkspacePaths) -> sqlite3.Connection:
    connection = connect_reader(paths.store)
    connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE_SECONDS * 1000)}")
    return connection


def _upgrade(paths: WorkspacePaths) -> None:
    from db.store import Store

    try:
        Store(paths.store)
    except StoreError as error:
        raise StoreUnreadable(str(error)) from error


def _of_another_version(version: int, paths: WorkspacePaths) -> str:
    if version <= 0:
        remedy = "Restore a backup, or complete it: safelight init"
        return f"The store is empty: its creation was interrupted, or it was cut. {remedy}"
    known = f"(schema {version}; this one knows {SCHEMA_VERSION})"
    if version > SCHEMA_VERSION:
        return f"The store was written by a newer Safelight {known}. Upgrade this one."
    if engine_holder(paths):
        remedy = "Its engine still runs with that version: safelight engine restart"
    else:
        remedy = "Bring it up to date where it may be written: safelight status"
    return f"The store was written by an older Safelight {known}. {remedy}"


def sentence_of(error: Exception, paths: WorkspacePaths) -> str:
    """Return the reason why the store cannot be read, and the remedy; cleaned.

    Args:
        error: The error of opening or reading it.
        paths: Folders of the workspace.
    """
    if isinstance(error, StoreUnreadable):
        return clean(str(error), 500)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        reason = f"Another program holds the store, {paths.store}."
        remedy = "It is read once that program lets go; lsof shows which one it is."
    elif code in _DAMAGED:
        reason = f"The store is damaged, or is no store ({error}): {paths.store}."
        remedy = "See: safelight doctor. Restore a backup, or move it away."
    elif code in _CLOSED or isinstance(error, PermissionError):
        reason = f"The store may not be opened ({error}): {paths.store}."
        remedy = "See who owns it and its folder, and how the disk is mounted."
    else:
        reason = f"The store cannot be read at the moment: {error}."
        remedy = "Trying again."
    return clean(f"{reason} {remedy}", 500)
