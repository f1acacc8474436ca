"""The writer door: one thread, one connection, group commit.

Each transaction takes everything queued so far; there is no timer. An operation is a function of
the connection. It counts as done only when its commit has returned. Operations of one transaction
cannot affect each other: each runs in a savepoint.
"""

import asyncio
import contextlib
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from db.commit_times import CommitTimes
from db.connect import connect_writer

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

_GROUP_LIMIT = 2000
_RETRY_SECONDS = 0.5
_MERGE_AFTER = 1000  # operations: about as many pages in the log
_MERGE_MILLISECONDS = 500  # a reader that holds a transaction must not hold up the engine's end
_FULL_OR_FAILING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
}


class _Item:
    __slots__ = ("error", "future", "operation", "result")

    def __init__(self, operation: Operation[Any], future: "asyncio.Future[Any]") -> None:
        self.operation = operation
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class StoreWriter:
    """The engine's writing connection, owned by its own thread.

    Args:
        path: The store's file.
        on_trouble: Called in the event loop with a sentence when commits stop succeeding (a full
            disk, a lock held by another program) and with None when they succeed again. Meanwhile
            operations are kept in memory and retried.
    """

    def __init__(self, path: Path, on_trouble: Callable[[str | None], None] | None = None) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[list[_Item] | None] = queue.SimpleQueue()
        self._coming: list[_Item] = []
        self._loop = asyncio.get_running_loop()
        self._on_trouble = on_trouble or (lambda _sentence: None)
        self._in_trouble = False
        self._closed = False
        self._gives_up_at = math.inf
        self._unmerged = 0
        self._times = CommitTimes()
        self._connection = connect_writer(path)
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def in_trouble(self) -> bool:
        """True if commits do not succeed at present."""
        return self._in_trouble

    def write(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue an operation; the future is done when the operation is committed."""
        future: asyncio.Future[T] = self._loop.create_future()
        if self._closed:
            future.cancel()  # remaining callers must not wait forever
        else:
            if not self._coming:
                self._loop.call_soon(self._hand_over)
            self._coming.append(_Item(operation, future))
        return future

    def _hand_over(self) -> None:
        """Hand the thread everything queued during one iteration of the event loop.

        Handed over one by one, the first would start a commit and the others would wait for the
        next: twice as many commits.
        """
        if self._coming:
            self._queue.put(self._coming)
            self._coming = []

    async def close(self, patience: float = math.inf) -> None:
        """Commit everything queued, merge the log into the store, and close the connection.

        Args:
            patience: Seconds after which operations that cannot be committed are given up: a full
                disk must not keep a stopping process alive forever.
        """
        self._closed = True
        self._gives_up_at = time.monotonic() + patience
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            items, stopping = self._take()
            if items:
                self._commit_until_durable(items)
                self._loop.call_soon_threadsafe(_settle, items)
                self._merge_if_due(len(items))
        with contextlib.suppress(sqlite3.Error):  # the next process that opens it merges the log
            self._connection.execute(f"PRAGMA busy_timeout = {_MERGE_MILLISECONDS}")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    def _merge_if_due(self, written: int) -> None:
        """Merge the log into the store while the event loop handles the last commit.

        Otherwise a commit would do it now and then, with all others waiting for that one.
        """
        self._unmerged += written
        if self._unmerged >= _MERGE_AFTER and self._queue.empty():
            self._unmerged = 0
            with contextlib.suppress(sqlite3.Error):  # then a later commit does it
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def _take(self) -> tuple[list[_Item], bool]:
        items = list[_Item]()
        try:
            more = self._queue.get()
            while more is not None:
                items += more
                if len(items) >= _GROUP_LIMIT:
                    return items, False
                more = self._queue.get_nowait()
        except queue.Empty:
            return items, False
        return items, True

    def _commit_until_durable(self, items: list[_Item]) -> None:
        while True:
            begun = time.perf_counter()
            try:
                self._commit(items)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
                if not _may_pass(error) or time.monotonic() > self._gives_up_at:
                    _fail(items, error)
                    return
                self._trouble(f"The store cannot be written: {error}.")
                time.sleep(_RETRY_SECONDS)
            else:
                self._times.add(time.perf_counter() - begun)
                self._trouble(None)
                return

    def store_times(self) -> "asyncio.Future[None]":
        """Add the durations of the commits since the last call to the store's totals."""
        return self.write(self._times.store)

    def _commit(self, items: list[_Item]) -> None:
        """Commit a group at once, or each operation in its own savepoint if one of them raises."""
        try:
            self._commit_each(items, _apply)
        except _OneRaised:
            self._commit_each(items, _apply_in_savepoint)

    def _commit_each(
        self, items: list[_Item], apply: Callable[[sqlite3.Connection, _Item], None]
    ) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for item in items:
                apply(connection, item)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _trouble(self, sentence: str | None) -> None:
        if sentence is None and not self._in_trouble:
            return
        self._in_trouble = sentence is not None
        self._loop.call_soon_threadsafe(self._on_trouble, sentence)


class _OneRaised(Exception):
    """An operation of a group raised; none of the group is written yet."""


def _apply(connection: sqlite3.Connection, item: _Item) -> None:
    """Run one operation that most likely does not raise: savepoints are a tenth of its cost."""
    item.error = None
    try:
        item.result = item.operation(connection)
    except Exception as error:
        if _may_pass(error):
            raise
        raise _OneRaised from error


def _apply_in_savepoint(connection: sqlite3.Connection, item: _Item) -> None:
    """Run one operation in a savepoint; only a failing disk or lock affects the group."""
    connection.execute("SAVEPOINT op")
    item.error = None
    try:
        item.result = item.operation(connection)
    except Exception as error:
        if _may_pass(error):
            raise
        item.error = error  # it belongs to whoever queued the operation
    if item.error is not None:
        connection.execute("ROLLBACK TO op")
    connection.execute("RELEASE op")


def _may_pass(error: Exception) -> bool:
    """Return True if the disk or a lock is in the way, and the same commit may soon work."""
    code = getattr(error, "sqlite_errorcode", 0)
    return isinstance(error, sqlite3.OperationalError) and (code & 0xFF) in _FULL_OR_FAILING


def _fail(items: list[_Item], error: BaseException) -> None:
    for item in items:
        item.error = error


def _settle(items: list[_Item]) -> None:
    for item in items:
        item.settle()
