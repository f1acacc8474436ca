"""Checks of the terminal: its abilities, and whether it is still connected."""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 2.0
HUNG_UP = 129
"""Exit code of a program whose terminal has gone, as in shells (128 + SIGHUP)."""


_OF_256 = {"xterm", "screen", "tmux", "rxvt-unicode", "putty", "konsole", "vte"}
"""Names without a number of colours, which terminals of at least 256 have had for years."""


def has_256_colours(environment: Mapping[str, str]) -> bool:
    """Return True for a terminal whose name promises 16 colours or none, and which has 256.

    `TERM` is only `xterm` in a container, in PuTTY and on many a remote machine.
    """
    return not environment.get("COLORTERM") and environment.get("TERM") in _OF_256


def refusal(environment: Mapping[str, str]) -> str | None:
    """Return why a terminal cannot show the dashboard, with the remedy; None if it can."""
    if environment.get("TEXTUAL_DRIVER"):  # it does not draw on the terminal named by TERM
        return None
    term = environment.get("TERM", "")
    if term in {"", "dumb", "unknown"}:
        called = f"TERM={term}" if term else "TERM is not set, so this"
        return (
            f"{called} cannot show a full-screen dashboard. Use `safelight status`, or set TERM to "
            "what your terminal is, such as xterm-256color."
        )
    return None


def is_gone(handle: int) -> bool:
    """Return True if a terminal has hung up."""
    poll = select.poll()
    poll.register(handle, 0)  # errors and hang-ups are always reported
    return any(
        flags & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, flags in poll.poll(0)
    )


class TerminalWatch:
    """Watch that ends the process within seconds when its terminal vanishes, by SIGHUP or silently.

    A full-screen app without a terminal reads the end of a file forever, at half a core's cost.

    Args:
        on_gone: Called in the watch's thread; it has the app end in good order.
    """

    def __init__(self, on_gone: Callable[[], None]) -> None:
        self._on_gone = on_gone
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="terminal", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        signal.signal(signal.SIGHUP, lambda *_: self._over.set())
        self._thread.start()

    def _watch(self) -> None:
        handle = sys.__stdin__.fileno() if sys.__stdin__ else 0
        while not self._over.wait(LOOK_SECONDS):
            if is_gone(handle):
                break
        # In any state of the app, and however slowly it reacts, the process ends.
        deadline = threading.Timer(PATIENCE_SECONDS, os._exit, (HUNG_UP,))
        deadline.daemon = True
        deadline.start()
        with suppress(Exception):
            self._on_gone()
