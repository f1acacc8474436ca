"""What goes to the terminal, and when.

Over a quick line everything goes through as it comes. Over a slow one frames go into a grid of
cells, and only what differs from what the terminal shows is sent, a little at a time: the answer to
a key first, other text next, images last and never while keys are pressed.
"""

import re
from collections.abc import Callable
from typing import Protocol

from tui.line.grid import Grid
from tui.line.pace import LinePace

ASK = "\x1b7\x1b[1;{}H\x1b[6n\x1b8"
"""Asks for the cursor's place, in a column that tells the question."""

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"

PIECE = 1500
"""Bytes that are sent at once over a slow line."""

AHEAD_SECONDS = 0.06
"""How much of a slow line's time is sent ahead, so that it is never idle."""

IMAGE_SECONDS = 0.3
"""How long after a key no image is sent."""

_SOON = 0.01
_CONTROL = re.compile(r"(?:\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[?<>=][\d;]*[$a-zA-Z]+)+")


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> object:
        """It will not."""
        ...


class Sender:
    """Sends a slow line no more than it carries.

    Args:
        pace: How quick the line is.
        write: Hands text to the terminal.
        later: Calls back after some seconds.
    """

    def __init__(
        self,
        pace: LinePace,
        write: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        self._pace = pace
        self._write = write
        self._later = later
        self._timer: Timer | None = None
        self._grid: Grid | None = None
        self._size: object = None
        self._in_sync = False

    def begin(self) -> None:
        """Begins with a terminal that nothing is known of, and asks it for the first time."""
        self.end()
        self._pace.forget()
        self._ask()

    def end(self) -> None:
        """Sends nothing more by itself; what comes from now on goes through."""
        self._grid = None
        self._cancel()

    def send(self, data: str, size: object) -> None:
        """Takes a frame or a control sequence.

        Args:
            data: What Textual writes.
            size: The terminal's size; with another one nothing is known of what it shows.
        """
        grid = self._grid_for_now(size)
        if grid is None or (data == SYNC_END and self._in_sync):
            self._in_sync = data == SYNC_START or (self._in_sync and data != SYNC_END)
            self._hand(data)
        elif data in {SYNC_START, SYNC_END}:
            return
        elif grid.take(data, urgent=self._pace.since_key() < IMAGE_SECONDS):
            self.pump()
        else:
            self._hand(data)
            if not _CONTROL.fullmatch(data):
                grid.forget()

    def _grid_for_now(self, size: object) -> Grid | None:
        """A grid where the line is slow, none where it is not."""
        slow = self._pace.slow
        if self._grid is not None and not slow:
            for images in (False, True):
                self._hand(self._grid.next(1 << 30, images=images))
            self.end()
        elif slow and (self._grid is None or size != self._size):
            self._grid, self._size = Grid(), size
        return self._grid

    def pump(self) -> None:
        """Sends what a slow line has room for, and comes back for the rest."""
        self._cancel()
        if self._grid is None:
            return
        while (wait := self._pace.busy()) <= AHEAD_SECONDS:
            if part := self._grid.next(PIECE):
                self._hand(part)
                continue
            if not self._grid.has_images():
                return
            wait = max(wait, IMAGE_SECONDS - self._pace.since_key())
            if wait > 0:
                break
            self._hand(self._grid.next(PIECE, images=True), live=False)
        self._timer = self._later(max(_SOON, wait - AHEAD_SECONDS / 2), self.pump)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _hand(self, data: str, *, live: bool = True) -> None:
        if not data:
            return
        self._pace.wrote(len(data.encode(errors="replace")), live=live)
        self._write(data)
        if self._pace.should_ask():
            self._ask()

    def _ask(self) -> None:
        self._write(ASK.format(self._pace.asked()))
