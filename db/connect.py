"""Connections, one kind for each door, and the checks before the first of them."""

import os
import sqlite3
import sys
from pathlib import Path

from db.errors import StoreUnsafe
from db.no_links import refuse_links_of_store

BUSY_SECONDS = 60.0
"""Maximum wait for another connection's write transaction, in seconds."""

DURABILITY = "FULL"
"""When the writer's commits return: once they are on the disk."""

LOG_PAGES = 2000
"""Pages of the log after which a commit checkpoints it (8 MB); the writer does so sooner."""

_NETWORK_FILE_SYSTEMS = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFF534D42: "CIFS",
    0xFE534D42: "SMB2",
    0x01021997: "9P",
    0x5346414F: "AFS",
    0x73757245: "Coda",
    0x00C36400: "Ceph",
}
"""Magic numbers of statfs(2) where SQLite's WAL does not work (Linux, linux/magic.h)."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the engine's connection: durable commits, and the only one that checkpoints.

    Commits are merged into the store once the log has `LOG_PAGES` at the latest.
    """
    refuse_links_of_store(path)
    connection = _connect(str(path))
    connection.execute(f"PRAGMA synchronous = {DURABILITY}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_intake(path: Path) -> sqlite3.Connection:
    """Open a connection for short write transactions of other processes; never checkpoints."""
    connection = connect_writer(path)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a read-only connection."""
    refuse_links_of_store(path)
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(database: str, *, uri: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        database,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        uri=uri,
    )
    connection.row_factory = sqlite3.Row
    return connection


def refuse_network_file_system(folder: Path) -> None:
    """Raise StoreUnsafe if `folder` is on a network file system (Linux only)."""
    name = _NETWORK_FILE_SYSTEMS.get(_file_system_magic(folder) or 0)
    if name:
        raise StoreUnsafe(
            f"{folder} is on a network file system ({name}), where SQLite cannot keep a store "
            "that several processes use. Put the workspace on a local disk: --workspace DIR."
        )


def _file_system_magic(folder: Path) -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes  # no reader needs it

    library = ctypes.CDLL(None, use_errno=True)
    buffer = (ctypes.c_ulong * 32)()  # larger than struct statfs; its first word is f_type
    if library.statfs(os.fsencode(folder), ctypes.byref(buffer)) != 0:
        return None
    return buffer[0] & 0xFFFFFFFF
