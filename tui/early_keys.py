"""Keys that come before the screen that they are for is there, or before another is opened."""

from collections.abc import Callable

from textual import events
from textual.app import App


class KeepsEarlyKeys(App[str]):
    """An app that holds keys while a new screen is composed, and then hands them on in order.

    Textual hands them to the screen at once, those too that a widget of the screen below has left
    to it: its actions then look for widgets that do not exist.
    """

    def __init__(self) -> None:
        super().__init__()
        self._early: list[events.Event] = []
        self._presses = 0

    def awaits(self) -> Callable[[], bool]:
        """Return a function that is true until a key, a click, or another screen comes.

        What is opened after reading opens only until then: later it would be in the way.
        """
        presses, top = self._presses, self._screen_stack[-1:]
        return lambda: self._presses == presses and self._screen_stack[-1:] == top

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a key once the screen is composed."""
        if isinstance(event, events.Key | events.MouseDown) and not event.is_forwarded:
            self._presses += 1
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif self._screen_stack:  # else the app ends
            await self._take(event)

    async def _take(self, event: events.Event) -> None:
        self._early.append(event)
        self._early.sort(key=lambda key: key.time)
        screen = self.screen
        if screen.is_mounted:
            await self._hand_on()
        elif len(self._early) == 1:
            screen.call_later(self.call_next, self._hand_on)

    async def _hand_on(self) -> None:
        while self._early and self._screen_stack and self.screen.is_mounted:
            await super().on_event(self._early.pop(0))
