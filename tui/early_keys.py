"""Keys that come before the one before them has done its work, or its screen is there."""

import asyncio
from collections.abc import Callable

from textual import events
from textual.app import App

TURNS = 100
"""Turns of the event loop that a key waits at once, before a wait takes time."""

STEP = 0.001
"""Seconds between two looks afterwards."""

MAX_TURNS = TURNS + 250
"""Turns that a key waits at most for the one before it to do its work: no time, for a busy machine
may need it for a single one."""


class KeepsEarlyKeys(App[str]):
    """An app that hands on keys in order, each once the one before it has done its work.

    A key goes to the widget with the focus, and what that leaves goes up to the app, which looks
    for its action. Textual hands on the next one meanwhile: of `/lamp` in one piece, as over a slow
    line, `p` paused what was selected, for `/` had not opened its line yet. It also hands keys to a
    screen that is still composed: its actions then look for widgets that do not exist.
    """

    def __init__(self) -> None:
        super().__init__()
        self._early: list[events.Event] = []
        self._last_key: events.Event | None = None
        self._is_holding = False
        self._presses = 0

    def awaits(self) -> Callable[[], bool]:
        """Return a function that is true until a key, a click, or another screen comes.

        What is opened after reading opens only until then: later it would be in the way.
        """
        presses, top = self._presses, self._screen_stack[-1:]
        return lambda: self._presses == presses and self._screen_stack[-1:] == top

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a key in its turn."""
        if isinstance(event, events.MouseDown) and not event.is_forwarded:
            self._presses += 1
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif self._screen_stack:  # else the app ends
            await self._take(event)

    async def _take(self, event: events.Key | events.Paste) -> None:
        if event.is_forwarded and self.screen.is_mounted:  # a widget has left it to the app
            await super().on_event(event)
            self._last_key = None if event is self._last_key else self._last_key
            return
        self._early.append(event)
        self._early.sort(key=lambda key: key.time)
        await self._hand_on()

    async def _hand_on(self, *, now: bool = False) -> None:
        """Hand on keys, each once the way is free; the first one now if it has waited."""
        while self._early and self._screen_stack and not self._is_holding:
            if now or self._is_free:
                now, self._last_key = False, self._early.pop(0)
                event = self._last_key
                self._presses += isinstance(event, events.Key) and not event.is_forwarded
                await super().on_event(event)
            else:
                self._is_holding = True
                self._holding = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        """Let what is under way go on, then hand on the next key."""
        turns = 0
        try:
            while self._screen_stack and not self._is_free:
                if self.screen.is_mounted and turns > MAX_TURNS:
                    break
                turns += 1
                await asyncio.sleep(0 if turns < TURNS else STEP)
        finally:
            self._is_holding = False
            self.call_later(self._hand_on, now=True)

    @property
    def _is_free(self) -> bool:
        """True if the screen is composed, and nothing is under way from its focus to the app."""
        if not self.screen.is_mounted or self._is_under_way:
            return False
        start = self.screen.focused or self.screen
        return not any(one.message_queue_size for one in (self, *start.ancestors_with_self))

    @property
    def _is_under_way(self) -> bool:
        """True if a widget has the last key, and has neither used it nor left it to the app."""
        last = self._last_key
        return last is not None and last.is_forwarded and not last._stop_propagation
