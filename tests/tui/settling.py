"""Settling of a dashboard after a key, as its widgets report it and not as the clock does.

Textual's pilot looks each 20 ms whether the process needs no more than a twentieth of a core, twice
for each key, up to a second each time: a feed that reads, or another program on the machine, had
each key take one or two seconds. And it waits 30 seconds for a widget that is replaced meanwhile,
which never answers.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual import app as textual_app
from textual import constants
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.screen import Screen

from tui.feed import Feed

ROUNDS = 20
"""Turns of the loop that are taken at once, before a wait takes time."""

STEP = 0.001
"""Seconds between two looks afterwards."""

UNRULY = 1.0
"""Seconds after which an app that never rests is left as it is."""

AT_WORK = 0.2
"""Seconds within which a thread that a key has started should have done what can be seen of it."""

READING = 3.0
"""Seconds within which the feed should have read what a key has asked for."""


def settle_at_once() -> None:
    """Have pilots wait for widgets, and for nothing else; nothing is animated."""
    patch = pytest.MonkeyPatch()
    patch.setattr(textual_app, "wait_for_idle", _no_wait)
    patch.setattr(Pilot, "press", _press)
    patch.setattr(Pilot, "pause", _pause)
    patch.setattr(Pilot, "wait_for_scheduled_animations", _pause)
    patch.setattr(Pilot, "_wait_for_screen", _answered)
    patch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")


async def _no_wait(*_: float) -> None:
    """Wait for nothing: `_press` does."""


async def _press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and let the app settle after each."""
    for key in keys:
        await pilot.app._press_keys([key])
        await settle(pilot)
        await pilot.app.animator.wait_until_complete()
        await settle(pilot)


async def _pause(pilot: Pilot[Any], delay: float | None = None) -> None:
    """Wait some seconds, or until the app has settled."""
    await settle(pilot)
    if delay is not None:
        await asyncio.sleep(delay)
    _draw(pilot)


async def settle(pilot: Pilot[Any], threads: float = AT_WORK) -> None:
    """Wait until no widget has anything left to do, and the screen is laid out.

    Args:
        pilot: Pilot of the app.
        threads: Seconds to wait for threads that do something for a widget.
    """
    began = time.monotonic()
    for _ in range(3):
        await asyncio.sleep(0)  # a key reaches the app by way of its loop
    while await _answered(pilot):
        _draw(pilot)
        passed = time.monotonic() - began
        if (passed < threads and has_threads_at_work(pilot)) or (
            passed < READING and _is_reading(pilot)
        ):
            await asyncio.sleep(STEP)
        elif passed > UNRULY or not _is_busy(pilot):
            return


async def _answered(pilot: Pilot[Any], timeout: float = 30.0) -> bool:
    """Wait until each widget has worked off what it has got, unless it is removed meanwhile.

    Returns:
        False if the app has ended, or failed.
    """
    app = pilot.app
    if not app._screen_stack:
        return False
    waiting: set[MessagePump] = set()

    def answer(pump: MessagePump) -> None:
        waiting.discard(pump)

    for pump in (app, *app.screen.walk_children(with_self=True)):
        if pump.call_later(answer, pump):
            waiting.add(pump)
    await _until(lambda: _ends(app) or not any(map(_lives, waiting)), timeout)
    return not _ends(app)


async def _until(condition: Callable[[], bool], timeout: float) -> None:
    until, rounds = time.monotonic() + timeout, 0
    while not condition():
        if time.monotonic() > until:
            raise WaitForScreenTimeout("The widgets do not answer.")
        rounds += 1
        await asyncio.sleep(0 if rounds < ROUNDS else STEP)


def _ends(app: Any) -> bool:
    return app._exception_event.is_set() or not app._running or not app._screen_stack


def _lives(pump: MessagePump) -> bool:
    return not (pump._closing or pump._closed or pump._task is None or pump._task.done())


def _draw(pilot: Pilot[Any]) -> None:
    if pilot.app._screen_stack:
        pilot.app.screen._on_timer_update()


def _is_busy(pilot: Pilot[Any]) -> bool:
    """Tell whether a widget has something to do, or the screen is to be laid out."""
    app = pilot.app
    if _ends(app):
        return False
    screen = app.screen
    if app._resize_event is not None or _is_to_be_drawn(screen):
        return True
    pumps = (app, *screen.walk_children(with_self=True))
    return any(
        pump._next_callbacks or not pump._message_queue.empty() for pump in pumps if _lives(pump)
    )


def has_threads_at_work(pilot: Pilot[Any]) -> bool:
    """Tell whether a thread does something for a widget."""
    return any(one._thread_worker and not one.is_finished for one in pilot.app.workers)


def _is_reading(pilot: Pilot[Any]) -> bool:
    feed = getattr(pilot.app, "feed", None)
    if not isinstance(feed, Feed) or feed._connection is None or feed._stopping:
        return False
    return bool(feed._questions) or any(not view.not_before for view in feed._shown)


def _is_to_be_drawn(screen: Screen[Any]) -> bool:
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )
