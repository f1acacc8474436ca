"""Signals of an engine process.

The first SIGINT or SIGTERM: take no more work, let paid calls in flight finish within the grace
period, commit, exit. A later one: exit at once; what is under way is found again on resume. One
right after the first counts as the same: a wrapper forwards the signals that its group got.
SIGHUP, as when an SSH session drops, does not stop the engine.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_STOPS = (signal.SIGINT, signal.SIGTERM)

SAME_SECONDS = 0.5
"""Signals within this time after the first count as the same one."""


@contextmanager
def signals(stop: Callable[[], None]) -> Iterator[Callable[[], int]]:
    """Install the handlers in the running event loop for the length of the context.

    Only the main thread can; in another one, as in a notebook, signals stay as they are.

    Args:
        stop: Called at the first SIGINT or SIGTERM.

    Yields:
        A function that returns the number of the first signal, 0 if there was none.
    """
    loop, came = asyncio.get_running_loop(), 0
    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return

    def on_signal(number: int) -> None:
        nonlocal came
        came = number
        for again in _STOPS:  # the second one does not wait for the event loop to turn
            loop.remove_signal_handler(again)
            signal.signal(again, _exit_after(time.monotonic() + SAME_SECONDS))
        log.info("%s: stopping in good order", signal.Signals(number).name)
        stop()

    def on_hang_up() -> None:
        log.info("SIGHUP: the terminal is gone; the engine continues")

    before = {number: signal.getsignal(number) for number in _STOPS}
    for number in _STOPS:
        loop.add_signal_handler(number, on_signal, number)
    loop.add_signal_handler(signal.SIGHUP, on_hang_up)
    if _early:  # it came before the event loop could be told
        on_signal(_early[0])
    try:
        yield lambda: came
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


_early: list[int] = []
"""Signal that arrived within `held_back` before another handler was installed."""


@contextmanager
def held_back() -> Iterator[None]:
    """Keep SIGINT and SIGTERM from interrupting the start or end of an event loop.

    One that comes before `signals` listens is passed on to it; one that comes after it changes
    nothing, because what was to be done is done. A second one ends the process at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, _frame: object) -> None:
        if not _early:
            _early.append(number)
            for again in _STOPS:
                signal.signal(again, _exit_after(time.monotonic() + SAME_SECONDS))

    before = {number: signal.signal(number, on_signal) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _early.clear()


def _exit_after(moment: float) -> Callable[[int, object], None]:
    """Return a handler that ends the process at once, from a moment on."""

    def on_signal(number: int, _frame: object) -> None:
        if time.monotonic() >= moment:
            os._exit(128 + number)

    return on_signal
