"""The store: one SQLite file with three doors.

`writer()` is the engine's alone, `intake()` is for short write transactions of other processes,
`reader()` is read-only. Opening a store checks that it can be used, and migrates an older one
after copying it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Protocol, TypeVar

from db.clock import now
from db.connect import (
    connect_intake,
    connect_reader,
    connect_writer,
    refuse_network_file_system,
)
from db.errors import StoreError, StoreMissing, StoreTooNew
from db.no_links import make_folder, open_file, refuse_links_in
from db.schema import SCHEMA_VERSION, migrate
from db.writer import StoreWriter

T = TypeVar("T")


class Write(Protocol):
    """Run one operation in its own transaction and return its result."""

    def __call__(self, operation: Callable[[sqlite3.Connection], T], /) -> T:
        """Commit the operation, or roll it back if it raises."""
        ...


OLDEST_SQLITE = (3, 37, 0)
"""Generated columns, RETURNING and a well-tried WAL; the version of Debian 12 and macOS 13."""

ALONE_SECONDS = 3.0
"""Maximum wait of `Store.alone` for another writer's transaction, in seconds."""

SQLITE_WITHOUT_WAL_RESET_BUG: tuple[tuple[int, ...], ...] = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Releases that fixed the WAL-reset bug (3.7.0 to 3.51.2), each on its own branch."""


class Store:
    """One store on disk.

    Args:
        path: The SQLite file.

    Raises:
        StoreMissing: There is no store at `path`.
        StoreTooNew: A newer Safelight wrote it.
        StoreUnsafe: Its folder cannot keep it safely, or contains a link.
        StoreError: It is not a store, or this SQLite is too old.
    """

    def __init__(self, path: Path) -> None:
        refuse_links_in(path.parent)
        if not path.exists():
            raise StoreMissing(
                f"There is no Safelight store at {path}. Queue something first, or make an empty "
                "workspace with: safelight init --workspace DIR"
            )
        _check_sqlite()
        refuse_network_file_system(path.parent)
        self.path = path
        self._inode = path.stat().st_ino
        version = _schema_version(path)
        if version > SCHEMA_VERSION:
            raise StoreTooNew(
                f"{path} was written by a newer Safelight (schema {version}; this one knows "
                f"{SCHEMA_VERSION}). Upgrade Safelight, or use another workspace."
            )
        if version < SCHEMA_VERSION:
            self._migrate()

    @classmethod
    def create(cls, path: Path, *, created_by: str) -> "Store":
        """Create a store at `path` in a folder of its owner alone, or open the existing one."""
        path.parent.parent.mkdir(parents=True, exist_ok=True)
        make_folder(path.parent, private=True)
        refuse_links_in(path.parent)
        if not path.exists():
            refuse_network_file_system(path.parent)
            os.close(open_file(path, os.O_CREAT | os.O_RDWR))
        store = cls(path)
        with store.intake() as write:
            write(lambda connection: _name_creator(connection, created_by))
        return store

    def _migrate(self) -> None:
        with _one_at_a_time(self.path.parent):
            version = _schema_version(self.path)  # another process may have created it first
            if version >= SCHEMA_VERSION:
                return
            if version:
                self.backup(self._free_backup_name(version))
            try:
                migrate(str(self.path))
            except sqlite3.DatabaseError as error:
                raise StoreError(f"{self.path} cannot be brought up to date: {error}.") from error

    def _free_backup_name(self, version: int) -> Path:
        """Return the path of the copy before a migration; an interrupted copy is kept too."""
        names = (f"{self.path.stem}-schema-{version}{turn}.db" for turn in _turns())
        return next(path for name in names if not (path := self.path.with_name(name)).exists())

    def writer(self, on_trouble: Callable[[str | None], None] | None = None) -> StoreWriter:
        """Open the engine's door. The caller holds the workspace's lock."""
        return StoreWriter(self.path, on_trouble)

    @contextmanager
    def intake(self) -> Iterator[Write]:
        """Open short write transactions of other processes: `with store.intake() as write: ...`."""
        connection = connect_intake(self.path)
        try:
            yield partial(_in_transaction, connection)
        finally:
            connection.close()

    @contextmanager
    def alone(self) -> Iterator[Write]:
        """Open the writer's door without a thread, for a brief holder of the workspace's lock.

        It waits for other writers `ALONE_SECONDS` at most, because an engine that starts meanwhile
        finds the lock taken. The log is merged as far as readers permit, without waiting for them.
        """
        connection = connect_writer(self.path)
        try:
            connection.execute(f"PRAGMA busy_timeout = {int(ALONE_SECONDS * 1000)}")
            yield partial(_in_transaction, connection)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            connection.close()

    def reader(self) -> sqlite3.Connection:
        """Return a read-only connection; close it after use and keep reads short."""
        return connect_reader(self.path)

    def is_in_place(self) -> bool:
        """Return True if the file at the path is still the one that was opened."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def backup(self, target: Path) -> None:
        """Copy the store, its log included, with SQLite's backup API; safe while in use."""
        if target.exists():
            raise StoreError(f"{target} is already there; name another file.")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        source = connect_reader(self.path)
        try:
            _copy(source, target)
        finally:
            source.close()

    def rescue(self, source: sqlite3.Connection) -> Path:
        """Save what a connection still reads of a store that was deleted or replaced underneath.

        Args:
            source: A connection that was opened before; the system keeps its files until it closes.

        Returns:
            The copy: beside the private folder, which may be gone too.
        """
        folder = self.path.parent.parent
        names = (f"{self.path.stem}-rescued{turn}.db" for turn in _turns())
        target = next(path for name in names if not (path := folder / name).exists())
        _copy(source, target)
        return target

    def check(self) -> list[str]:
        """Return the problems that SQLite finds in the store; empty if it is sound."""
        connection = self.reader()
        try:
            messages = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:  # too damaged to be checked
            return [str(error)]
        finally:
            connection.close()
        problems = [] if messages == ["ok"] else messages
        if dangling:
            problems.append(f"{len(dangling)} rows name others that are not there")
        return problems


def _turns() -> Iterator[str]:
    """Yield endings of names until one is free: nothing, `-2`, `-3` and so on."""
    return chain([""], (f"-{n}" for n in count(2)))


def _copy(source: sqlite3.Connection, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    copy = sqlite3.connect(target)
    try:
        source.backup(copy, pages=4096)
    finally:
        copy.close()


def _in_transaction(
    connection: sqlite3.Connection, operation: Callable[[sqlite3.Connection], T]
) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = operation(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Hold a lock on the store's folder, so that two processes do not both create the tables."""
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _schema_version(path: Path) -> int:
    try:
        return _user_version(path)
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"{path} cannot be opened ({error}). It and its folder have to be writable, also to "
            "be read: see whether the disk is full, who owns them, and how it is mounted."
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{path} is not a Safelight store ({error}). Restore a backup, or move it away."
        ) from error


def _user_version(path: Path) -> int:
    """Return the schema's version; roll back the transaction of a process that was killed in it.

    A store is not in WAL mode until its tables exist. A process killed before that leaves a
    journal, and a read-only connection cannot roll it back.
    """
    try:
        with closing(connect_reader(path)) as reader:
            return _version_of(reader)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
    with closing(connect_intake(path)) as writer:
        return _version_of(writer)


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_sqlite() -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"This Python has SQLite {sqlite3.sqlite_version}; Safelight needs {wanted} or newer."
        )


def has_wal_reset_bug(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Return True if this SQLite can corrupt a WAL store that two connections checkpoint at once.

    Safelight lets only one connection checkpoint, which avoids it; other programs may not.
    """
    fixed = {release[:2]: release for release in SQLITE_WITHOUT_WAL_RESET_BUG}
    if version[:2] in fixed:
        return version < fixed[version[:2]]
    return version < max(SQLITE_WITHOUT_WAL_RESET_BUG)


def _name_creator(connection: sqlite3.Connection, created_by: str) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO version_info (key, value) VALUES (?, ?)",
        [("created_by", created_by), ("created_at", now()), ("schema", str(SCHEMA_VERSION))],
    )
