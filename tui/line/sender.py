"""Scheduling of the output to the terminal.

On a quick line all output passes through. On a slow one frames go into a grid of cells, and only
the differences from the displayed cells are sent, a little at a time: the answer to a key first,
other text next, images last and never while keys are pressed.
"""

import re
from collections.abc import Callable
from typing import Protocol

from tui.line.grid import Grid
from tui.line.pace import LinePace

ASK = "\x1b7\x1b[1;{}H\x1b[6n\x1b8"
"""Query for the cursor's position, in a column that identifies the query."""

SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"

PIECE = 1500
"""Bytes sent at once over a slow line."""

AHEAD_SECONDS = 0.06
"""Seconds of a slow line's time that are sent ahead, so that it is never idle."""

IMAGE_SECONDS = 0.3
"""Seconds after a key without images."""

_SOON = 0.01
_CONTROL = re.compile(r"(?:\x07|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[?<>=][\d;]*[$a-zA-Z]+)+")


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> object:
        """Cancel it."""
        ...


class Sender:
    """Sender that gives a slow line no more than it carries.

    Args:
        pace: Speed of the line.
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
        """Start with an unknown terminal, and query it for the first time."""
        self.end()
        self._pace.forget()
        self._ask()

    def end(self) -> None:
        """Stop scheduled output; further output passes through."""
        self._grid = None
        self._cancel()

    def send(self, data: str, size: object) -> None:
        """Take a frame or a control sequence.

        Args:
            data: Output of Textual.
            size: The terminal's size; if it changes, the displayed cells are unknown.
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
        """Return a grid if the line is slow, otherwise None."""
        slow = self._pace.slow
        if self._grid is not None and not slow:
            for images in (False, True):
                self._hand(self._grid.next(1 << 30, images=images))
            self.end()
        elif slow and (self._grid is None or size != self._size):
            self._grid, self._size = Grid(), size
        return self._grid

    def pump(self) -> None:
        """Send as much as a slow line has room for, and schedule the rest."""
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
