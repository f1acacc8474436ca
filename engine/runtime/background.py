"""Work that can wait: batches to delete, their files, and the words of finished jobs."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from functools import partial

from db.queries.deletions import batch_to_delete, has_freed
from db.queries.search import count_unindexed
from db.writer import StoreWriter
from db.writes.deletions import forget_freed
from db.writes.search import index_jobs
from engine.contract import StepError
from engine.runtime.deletion import Deletion

log = logging.getLogger(__name__)

INDEX_SECONDS = 1.0
"""Seconds between two pieces of the index while jobs run."""

AGAIN_SECONDS = 60.0
"""Seconds until an object store that failed is asked again to remove files."""

IDLE_PIECES = 20
"""Pieces of the index that follow each other while nothing runs."""


class Background:
    """Do a small piece of what can wait, between the turns of an engine.

    Args:
        reader: A connection to read with.
        writer: The store's writer door.
        deletion: Deletes batches.
        is_busy: Returns True while jobs, steps or the ends of batches run.
    """

    def __init__(
        self,
        reader: sqlite3.Connection,
        writer: StoreWriter,
        deletion: Deletion,
        is_busy: Callable[[], bool],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._deletion = deletion
        self._is_busy = is_busy
        self._index_due = self._delete_due = 0.0

    async def run(self) -> None:
        """Do what is due; what cannot be written now is tried again."""
        try:
            if time.monotonic() >= self._delete_due:
                await self._delete()
            await self._index()
        except (sqlite3.Error, OSError) as error:
            log.warning("background work is left until the next time: %s", error)
        except StepError as error:
            log.warning("files of deleted batches are left until the next time: %s", error)
            self._delete_due = time.monotonic() + AGAIN_SECONDS

    async def _delete(self) -> None:
        if batch_to_delete(self._reader) is not None:
            piece = await asyncio.to_thread(self._deletion.next_slice)
            if piece is not None:
                await self._writer.write(piece)
        elif has_freed(self._reader) and not self._is_busy():
            settled = await asyncio.to_thread(self._deletion.remove_files)
            await self._writer.write(partial(forget_freed, hashes=settled))

    async def _index(self) -> None:
        pieces = 1 if self._is_busy() else IDLE_PIECES
        if pieces == 1 and time.monotonic() < self._index_due:
            return
        self._index_due = time.monotonic() + INDEX_SECONDS
        while pieces and count_unindexed(self._reader, 1):
            pieces -= 1
            await self._writer.write(index_jobs)
