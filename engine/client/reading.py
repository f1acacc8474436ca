"""Short reads of a store, and the report of a store that holds what Safelight does not write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from db.store import Store
from engine.client.errors import damaged, is_damage


@contextmanager
def reading(store: Store) -> Iterator[sqlite3.Connection]:
    """Open a read-only connection for a short while.

    Raises:
        UserError: On leaving: a row holds what Safelight does not write.
    """
    connection = store.reader()
    try:
        yield connection
    except (ValueError, sqlite3.OperationalError) as error:
        if is_damage(error):
            raise damaged(error) from error
        raise
    finally:
        connection.close()
