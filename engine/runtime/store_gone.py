"""A store that was deleted or replaced underneath its engine, and its rescue."""

import asyncio
import contextlib
import logging
import sqlite3

from db.store import Store
from db.writer import StoreWriter
from engine.text.errors import UserError

log = logging.getLogger(__name__)


class StoreGone(UserError):
    """The store was deleted or replaced underneath the engine."""


async def rescue(
    store: Store, writer: StoreWriter, reader: sqlite3.Connection, patience: float
) -> None:
    """Save what this process still sees of a store that is gone, its last results too.

    Args:
        store: The store.
        writer: Its writer door, whose queued writes are waited for.
        reader: An open connection to it.
        patience: Seconds that those may take.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await writer.write(lambda c: c.execute("SELECT 1"))  # after what is queued
    try:
        saved = await asyncio.to_thread(store.rescue, reader)
    except (OSError, sqlite3.Error) as error:
        log.error("what the store held cannot be saved: %s", error)  # noqa: TRY400 - said
    else:
        log.error("what the store held is saved as %s; it can take the store's place", saved)
