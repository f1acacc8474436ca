"""Changes of the store, noticed by one poller for all who wait.

A reader's `PRAGMA data_version` costs microseconds; while nobody waits nothing is polled. After a
change the newest events are read once, whatever the number of streams.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from db.errors import StoreError
from db.queries.batches import progress_of_all
from db.queries.history import data_version, events_after, last_event
from db.rows import EventRow, ProgressRow
from db.store import Store

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
PROGRESS_SECONDS = 0.5
"""Seconds between two readings of the progress of steps."""

KEPT_EVENTS = 2000
"""Number of newest events in memory."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of running steps at one moment.

    Attributes:
        number: Counts the readings.
        rows: One row per step.
    """

    number: int
    rows: tuple[ProgressRow, ...]


class Changes:
    """The newest events of a store, and a signal to all who wait for a change.

    Args:
        store: The store.

    Attributes:
        progress: The progress of running steps, as last read.
        version: Number of changes so far.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recent: deque[EventRow] = deque(maxlen=KEPT_EVENTS)
        self._from: int | None = None
        self._last = 0
        self._signal = asyncio.Event()
        self._watched = asyncio.Event()
        self._waiting = 0
        self._read_progress = 0.0
        self.progress = Progress(0, ())
        self.version = 0

    async def poll(self) -> None:
        """Poll until cancelled; a store that cannot be read is tried again."""
        while True:
            await self._watched.wait()
            try:
                await self._follow()
            except (sqlite3.Error, StoreError) as error:
                log.warning("the store cannot be followed now: %s", error)
                await asyncio.sleep(1)

    async def _follow(self) -> None:
        """Follow the store while somebody waits."""
        with contextlib.closing(self._store.reader()) as connection:
            seen, behind = -1, False
            self._recent.clear()
            self._from = self._last = last_event(connection)
            try:
                while self._watched.is_set():
                    current = data_version(connection)
                    if current != seen or behind:
                        seen = current
                        behind = self._read(connection)
                        self._tell()
                    await asyncio.sleep(POLL_SECONDS)
            finally:
                self._from = None

    def _read(self, connection: sqlite3.Connection) -> bool:
        """Read what is new; return True if progress has to be read a little later."""
        while rows := events_after(connection, self._last, limit=500):
            overflow = len(self._recent) + len(rows) - KEPT_EVENTS
            if overflow > 0:
                self._from = (list(self._recent) + rows)[overflow - 1].id
            self._recent.extend(rows)
            self._last = rows[-1].id
        now = time.monotonic()
        if now - self._read_progress < PROGRESS_SECONDS:
            return True
        self._read_progress = now
        self.progress = Progress(self.progress.number + 1, tuple(progress_of_all(connection)))
        return False

    def _tell(self) -> None:
        self.version += 1
        signal, self._signal = self._signal, asyncio.Event()
        signal.set()

    def since(self, after: int) -> list[EventRow] | None:
        """Return the events after one from memory; None if the store has to be read for them."""
        if self._from is None or after < self._from:
            return None
        return [event for event in self._recent if event.id > after]

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the poller going for the length of the context."""
        self._waiting += 1
        self._watched.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._watched.clear()

    async def wait(self, version: int, seconds: float) -> bool:
        """Wait for a change after a version; return False if there was none in time."""
        signal = self._signal
        if self.version != version:
            return True
        try:
            async with asyncio.timeout(seconds):
                await signal.wait()
        except TimeoutError:
            return False
        return True
