"""Results of reads that hold until the store changes."""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from db.queries.history import data_version
from db.store import Store

T = TypeVar("T")

KEPT = 512
"""Number of results in memory; the least recently used goes first."""


class Remembered:
    """Results by their keys, each of one version of the store.

    The version is that of a connection that only this object uses: it changes when any other
    connection commits, so no result is older than the last commit.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: sqlite3.Connection | None = None
        self._results: OrderedDict[object, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def look(self, key: object) -> tuple[int, Any]:
        """Return the present version, and the result of a key that holds in it; None for none."""
        with self._lock:
            version = data_version(self._opened())
            kept = self._results.get(key)
            if kept is None or kept[0] != version:
                return version, None
            self._results.move_to_end(key)
            return kept

    def keep(self, key: object, version: int, result: Any) -> None:
        """Keep a result that was read after a version was looked at."""
        with self._lock:
            self._results[key] = version, result
            self._results.move_to_end(key)
            if len(self._results) > KEPT:
                self._results.popitem(last=False)

    def read(self, key: object, build: Callable[[], T]) -> T:
        """Return the result of a key, built if the store has changed since."""
        version, result = self.look(key)
        if result is None:
            result = build()
            self.keep(key, version, result)
        kept: T = result
        return kept

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None or not self._store.is_in_place():
            self.close()
            self._connection = self._store.reader()
        return self._connection

    def close(self) -> None:
        """Close the connection and forget the results."""
        self._results.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
