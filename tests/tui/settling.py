"""Settling of a dashboard after a key, as its widgets report it and not as the clock does.

It uses private parts of Textual 8.2.8. `pyproject.toml` admits later releases of Textual 8, with
which `make test-newest` shows whether they have them still.

Textual's pilot looks each 20 ms whether the process needs no more than a twentieth of a core, twice
for each key, up to a second each time: a feed that reads, or another program on the machine, had
each key take one or two seconds. And it waits 30 seconds for a widget that is replaced meanwhile,
which never answers.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

import pytest
from textual import app as textual_app
from textual import constants
from textual.message import Message
from textual.message_pump import MessagePump
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.screen import Screen

from tui.feed import Feed

ROUNDS = 20
"""Turns of the loop that are taken at once, before a wait takes time."""

STEP = 0.001
"""Seconds between two looks afterwards."""

PATIENCE = 10.0
"""Seconds after which an app that does not settle is left as it is; never a measure of anything."""

T = TypeVar("T")
Counts = WeakKeyDictionary[Feed, int]

_handled: list[MessagePump] = []
"""Those that handle a message now."""

_begun, _ended = Counts(), Counts()
"""Number of times that a feed has begun to look at the store, and has read what it saw."""


class Gate:
    """A place where a thread of the app waits for the test: keys settle although it does.

    Attributes:
        is_reached: Set once a thread waits, or has waited.
    """

    closed: ClassVar = set[threading.Thread]()
    """The threads that wait at gates."""

    def __init__(self) -> None:
        self.is_reached = threading.Event()
        self._opened = threading.Event()
        self._waiting = list[threading.Thread]()

    def wait(self) -> None:
        """Wait until it is opened; for threads."""
        here = threading.current_thread()
        self._waiting.append(here)
        self.closed.add(here)
        self.is_reached.set()
        self._opened.wait(PATIENCE)
        self.closed.discard(here)

    def open(self) -> None:
        """Let the threads go on that wait, and those that come."""
        self.closed.difference_update(self._waiting)
        self._opened.set()


def settle_at_once() -> None:
    """Have pilots wait for widgets, and for nothing else; nothing is animated."""
    patch = pytest.MonkeyPatch()
    patch.setattr(textual_app, "wait_for_idle", _no_wait)
    patch.setattr(Pilot, "press", _press)
    patch.setattr(Pilot, "pause", _pause)
    patch.setattr(Pilot, "wait_for_scheduled_animations", _pause)
    patch.setattr(Pilot, "_wait_for_screen", _answered)
    patch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")
    patch.setattr(MessagePump, "_dispatch_message", _noted(MessagePump._dispatch_message))
    patch.setattr(Feed, "_connected", _counted(Feed._connected, _begun))
    patch.setattr(Feed, "_pause", _counted(Feed._pause, _ended))


def _noted(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    """Note the messages that are being handled: a handler may wait, and its queue is empty."""

    async def note(pump: MessagePump, message: Message) -> None:
        _handled.append(pump)
        try:
            await dispatch(pump, message)
        finally:
            _handled.remove(pump)

    return note


async def _no_wait(*_: float) -> None:
    """Wait for nothing: `_press` does."""


async def _press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and let the app settle after each."""
    for key in keys:
        await pilot.app._press_keys([key])
        await settle(pilot)


async def _pause(pilot: Pilot[Any], delay: float | None = None) -> None:
    """Wait some seconds, or until the app has settled."""
    await settle(pilot)
    if delay is not None:
        await asyncio.sleep(delay)
    _draw(pilot)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until the app has taken in all that has happened.

    Threads that do something for a widget have done it, the feed has read what was in the store
    when they had, no widget has anything left to do, and the screen is laid out. Timers may run.
    """
    until = time.monotonic() + PATIENCE
    looks = _looks(pilot)
    for _ in range(3):
        await asyncio.sleep(0)  # a key reaches the app by way of its loop
    while await _answered(pilot) and time.monotonic() < until:
        _draw(pilot)
        if has_threads_at_work(pilot):
            await asyncio.sleep(STEP)
            looks = _looks(pilot)
        elif _is_reading(pilot, looks):
            await asyncio.sleep(STEP)
        elif not _is_busy(pilot):
            return


async def _answered(pilot: Pilot[Any], timeout: float = 30.0) -> bool:
    """Wait until each widget has worked off what it has got, unless it is removed meanwhile.

    Returns:
        False if the app has ended, or failed.
    """
    app = pilot.app
    # a key waits while messages are under way, and the ones below would be some
    await _until(lambda: _ends(app) or not getattr(app, "_early", ()), timeout)
    if _ends(app):
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
    if app._resize_event is not None or _is_to_be_drawn(screen) or _is_animated(app):
        return True
    pumps = (app, *screen.walk_children(with_self=True))
    return any(
        pump._next_callbacks or not pump._message_queue.empty() or pump in _handled
        for pump in pumps
        if _lives(pump)
    )


def _is_animated(app: Any) -> bool:
    return not app.animator._complete_event.is_set()


def has_threads_at_work(pilot: Pilot[Any]) -> bool:
    """Tell whether a thread does something for a widget, and does not wait for the test."""
    at_work = [one for one in pilot.app.workers if one._thread_worker and not one.is_finished]
    feed = getattr(pilot.app, "feed", None)
    reader = feed._thread if isinstance(feed, Feed) else None
    return len(at_work) > len(Gate.closed - {reader})


def _counted(method: Callable[..., T], counts: Counts) -> Callable[..., T]:
    """Count the calls of a method of the feed."""

    def count(feed: Feed) -> T:
        counts[feed] = counts.get(feed, 0) + 1
        return method(feed)

    return count


def _looks(pilot: Pilot[Any]) -> int:
    """Return how often the feed has begun to look at the store."""
    return _begun.get(pilot.app.feed, 0) if hasattr(pilot.app, "feed") else 0


def _is_reading(pilot: Pilot[Any], looks: int) -> bool:
    """Tell whether the feed has still to look at the store, or to read what it has seen there.

    Args:
        pilot: Pilot of the app.
        looks: Number of looks that are not enough, for they began too early.
    """
    feed = getattr(pilot.app, "feed", None)
    if not isinstance(feed, Feed) or not feed._thread.is_alive() or feed._stopping:
        return False
    if feed._thread in Gate.closed:
        return False
    if _ended.get(feed, 0) > looks and not _is_behind(feed):
        return False
    feed._wake.set()
    return True


def _is_behind(feed: Feed) -> bool:
    if feed._connection is None:
        return False
    may_repaint = feed._may_repaint()
    return bool(feed._questions) or any(
        not view.not_before or (may_repaint and view.version != feed._version)
        for view in feed._shown
    )


def _is_to_be_drawn(screen: Screen[Any]) -> bool:
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )
