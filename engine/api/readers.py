"""Readers of the store that are used again: opening one costs more than most reads."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue

from db.store import Store
from engine.client.errors import damaged, is_damage
from engine.text.errors import UserError

KEPT = 8
"""Maximum number of idle connections."""


class StoreGone(UserError):
    """The store was deleted or replaced while the server ran."""

    waits = True


class ReaderPool:
    """Read-only connections of one store, each used by one request at a time.

    Args:
        store: The store.

    Attributes:
        in_use: Number of connections that requests use now.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue(KEPT)
        self.in_use = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Use a connection for a short while, and never while an answer is sent.

        Raises:
            StoreGone: The store's file is no longer the one that was opened.
            UserError: On leaving: a row holds what Safelight does not write.
        """
        connection = self._take()
        self.in_use += 1
        try:
            yield connection
        except (ValueError, sqlite3.OperationalError) as error:
            if is_damage(error):
                raise damaged(error) from error
            raise
        finally:
            self.in_use -= 1
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        if not self._store.is_in_place():
            self.close()
            raise StoreGone("The store is gone or was replaced.", remedy="Start the server again.")
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._store.reader()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            connection.rollback()
        if self._idle.full():
            connection.close()
        else:
            self._idle.put(connection)

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()
