"""The feed: reads the store for the screen, with one read-only connection in its own thread.

The thread queries `PRAGMA data_version` every 20 ms while there are changes, and every 50 ms, later
every 100 ms, after the last one. When another process has committed, or when the screen needs other
data, it reads the views of the screen on top, and posts a snapshot if it differs from the last one.
Nothing else is read, and a slow read is not soon repeated.
"""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from textual.message import Message
from textual.message_pump import MessagePump

from db.queries.batches import ever_queued
from db.queries.history import data_version
from engine.config.paths import WorkspacePaths
from engine.text.terminal import clean
from tui.opening_store import StoreUnreadable, open_store, sentence_of

POLL_BUSY_SECONDS = 0.02
BUSY_SECONDS = 1.0
"""Seconds after a change in the store during which the next one is expected."""

POLL_SECONDS = 0.05
POLL_CALM_SECONDS = 0.1
CALM_SECONDS = 5.0
"""Seconds after a change in the store from which the next one may be seen a little later."""

_WISHED = -1
"""In place of a version: the screen requests a read now."""

CHECK_SECONDS = 0.5
REST = 10
"""A read is repeated after a change in the store once this many times its duration have passed."""


Read = Callable[[sqlite3.Connection], Any]
"""Reads something of the store."""


class View(Protocol):
    """The part of the store that a screen shows.

    Attributes:
        every: Seconds after which it is read again even if the store has not changed.
    """

    every: float

    def read(self, connection: sqlite3.Connection, version: int) -> Any:
        """Read a snapshot: plain, comparable, cleaned data.

        Args:
            connection: The feed's connection.
            version: Changes when the store has changed.
        """
        ...


class SnapshotReady(Message):
    """A snapshot that differs from the one before it; a newer one replaces it unseen.

    Attributes:
        request: Number of the request that it answers, as `Feed.is_late` takes it.
    """

    def __init__(self, view: View, snapshot: Any, request: int) -> None:
        super().__init__()
        self.view = view
        self.snapshot = snapshot
        self.request = request

    def can_replace(self, message: Message) -> bool:
        """Return True if a pending message replaces this one."""
        return isinstance(message, SnapshotReady) and message.view is self.view


class StoreTrouble(Message):
    """The reason why the store cannot be read; None once it can be, or if there is none yet."""

    def __init__(self, sentence: str | None, *, is_new: bool = False) -> None:
        super().__init__()
        self.sentence = sentence
        self.is_new = is_new


class NoStoreYet(Exception):
    """Nothing has been queued in the workspace: not an error."""


@dataclass(slots=True)
class _Shown:
    view: View
    target: MessagePump
    snapshot: Any = None
    request: int = 0
    version: int = _WISHED
    not_before: float = 0.0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class _Question:
    read: Read
    target: MessagePump
    then: Callable[[Any], object]


class Feed:
    """Reads the store for the dashboard.

    Args:
        paths: Paths of the workspace.
        reporter: Receiver of errors.
        may_repaint: Returns True if changes without a key may be shown now; False on a slow line.
        may_upgrade: Bring a store of an older version up to date, unless an engine runs on it.
    """

    def __init__(
        self,
        paths: WorkspacePaths,
        reporter: MessagePump,
        may_repaint: Callable[[], bool] = lambda: True,
        *,
        may_upgrade: bool = False,
    ) -> None:
        self._paths = paths
        self._reporter = reporter
        self._may_repaint = may_repaint
        self._may_upgrade = may_upgrade
        self._wake = threading.Event()
        self._stopping = False
        self._abandon = False
        self._request = 0
        self._shown: list[_Shown] = []
        self._questions: deque[_Question] = deque()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._checked = 0.0
        self._version = -1
        self._changed = 0.0
        self._said: tuple[str | None, bool] = (None, False)
        self._has_queued = False
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        """Start to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a running read is interrupted."""
        self._stopping = self._abandon = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def show(self, *views: tuple[View, MessagePump]) -> None:
        """Read these views from now on, and no others."""
        self._shown = [_Shown(view, target) for view, target in views]
        self.wake()

    def hide(self, target: MessagePump) -> None:
        """Stop reading for a screen that is hidden, unless another is shown already."""
        if any(shown.target is target for shown in self._shown):
            self._shown = []

    def wake(self) -> None:
        """Read now: a view needs other data."""
        self._expire()
        self._wake.set()

    def abandon(self) -> None:
        """Interrupt the running read, and show what is read next even if it is the same.

        What was read before, for another order or filter, is late.
        """
        self._request += 1
        self._abandon = True
        self.wake()

    def is_late(self, message: SnapshotReady) -> bool:
        """Return True if a snapshot was read before what is requested by now."""
        return message.request != self._request

    def ask(self, read: Read, target: MessagePump, then: Callable[[Any], object]) -> None:
        """Read something once, and have `target` call `then` with it."""
        self._questions.append(_Question(read, target, then))
        self._wake.set()

    # -- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._abandon = False
            try:
                connection = self._connected()
                self._read_all(connection)
                self._has_queued = self._has_queued or ever_queued(connection)
                self._say(None, is_new=not self._has_queued)
            except NoStoreYet:
                self._close()
                self._say(None, is_new=True)
            except (StoreUnreadable, sqlite3.Error, OSError) as error:
                self._lost(error)
            except Exception as error:  # noqa: BLE001 - one unexpected row: report it, continue
                kind = type(error).__name__
                self._say(f"Something in the store cannot be shown ({kind}: {clean(str(error))}).")
            self._wake.wait(self._pause())
        self._close()

    def _pause(self) -> float:
        if self._connection is None:
            return CHECK_SECONDS
        calm = time.monotonic() - self._changed
        if calm < BUSY_SECONDS:
            return POLL_BUSY_SECONDS
        return POLL_SECONDS if calm < CALM_SECONDS else POLL_CALM_SECONDS

    def _read_all(self, connection: sqlite3.Connection) -> None:
        while self._questions:
            question = self._questions.popleft()
            question.target.call_later(question.then, question.read(connection))
        version = data_version(connection)
        if version != self._version:
            self._version, self._changed = version, time.monotonic()
        may_repaint = self._may_repaint()
        for shown in tuple(self._shown):
            now = time.monotonic()
            if not may_repaint and shown.version != _WISHED:
                continue
            if (shown.version != version or now >= shown.due) and now >= shown.not_before:
                self._read(connection, shown, version)

    def _read(self, connection: sqlite3.Connection, shown: _Shown, version: int) -> None:
        began, request = time.monotonic(), self._request
        shown.version = version  # before reading: a request made meanwhile resets it
        snapshot = shown.view.read(connection, version)
        ended = time.monotonic()
        shown.due = ended + shown.view.every
        if shown.version == version:
            shown.not_before = ended + REST * (ended - began)
        if request != self._request:
            shown.version, shown.not_before = _WISHED, 0.0
        elif snapshot is not None and (request, snapshot) != (shown.request, shown.snapshot):
            shown.request, shown.snapshot = request, snapshot
            shown.target.post_message(SnapshotReady(shown.view, snapshot, request))

    def _connected(self) -> sqlite3.Connection:
        current = time.monotonic()
        if self._connection is not None and current - self._checked < CHECK_SECONDS:
            return self._connection
        self._checked = current
        inode = self._inode_now()
        if self._connection is None or inode != self._inode:
            self._close()
            self._connection = open_store(self._paths, may_upgrade=self._may_upgrade)
            self._inode = inode
            self._connection.set_progress_handler(lambda: int(self._abandon), 20_000)
            self._expire()
        return self._connection

    def _expire(self) -> None:
        for shown in self._shown:
            shown.version, shown.not_before = _WISHED, 0.0

    def _inode_now(self) -> int:
        try:
            return self._paths.store.stat().st_ino
        except FileNotFoundError:
            if self._inode:
                raise StoreUnreadable(
                    f"The store is gone from {self._paths.private}. What you see is the last that "
                    "was read. Restore a backup there, or leave with q."
                ) from None
            raise NoStoreYet from None

    def _lost(self, error: Exception) -> None:
        if self._abandon:
            return
        self._close()
        self._say(sentence_of(error, self._paths))

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _say(self, sentence: str | None, *, is_new: bool = False) -> None:
        if (sentence, is_new) != self._said:
            self._said = (sentence, is_new)
            self._reporter.post_message(StoreTrouble(sentence, is_new=is_new))
