"""Keys that are pressed faster than screens open."""

from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App
from textual.events import Event, Key

from tests.tui.support import Place, running, until
from tui.early_keys import KeepsEarlyKeys


class Opening(KeepsEarlyKeys):
    """An app whose top screen is being composed."""

    top: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Any] = []
        self.top = SimpleNamespace(
            is_mounted=False, call_later=lambda *call: self.later.append(call)
        )

    @property
    def _screen_stack(self) -> list[Any]:
        return [self.top] if self.top else []

    @property
    def screen(self) -> Any:
        return self.top


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that Textual has got."""
    keys: list[str] = []

    async def on_event(app: App[Any], event: Event) -> None:
        keys.append(event.key if isinstance(event, Key) else type(event).__name__)

    monkeypatch.setattr(App, "on_event", on_event)
    return keys


async def test_keys_wait_until_the_screen_is_composed(handled: list[str]) -> None:
    app = Opening()
    first, second, third = Key("j", "j"), Key("k", "k"), Key("escape", None)
    await app.on_event(second)
    await app.on_event(first)  # a widget of the screen below has left it to the app
    assert handled == []
    assert app.later == [(app.call_next, app._hand_on)]
    app.top.is_mounted = True
    await app.on_event(third)
    assert handled == ["j", "k", "escape"]


async def test_the_screen_hands_on_what_waits_once_it_is_composed(handled: list[str]) -> None:
    app = Opening()
    await app.on_event(Key("j", "j"))
    app.top.is_mounted = True
    await app._hand_on()
    assert handled == ["j"]


async def test_keys_at_the_end_are_dropped_and_other_events_are_not(handled: list[str]) -> None:
    app = Opening()
    await app.on_event(Event())
    app.top = None
    await app.on_event(Key("j", "j"))
    assert handled == ["Event"]


async def test_a_screen_that_is_dismissed_twice_takes_no_other_with_it(place: Place) -> None:
    async with running(place.dashboard(), (100, 40)) as pilot:
        app = pilot.app
        app.show_text("error", "one line")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        closing = app.screen
        closing.dismiss()
        await closing.dismiss()
        await pilot.pause()
        assert app.screen_stack == [app.screen]
        assert app.is_running
