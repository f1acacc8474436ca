"""Keys that are pressed faster than screens open."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import App
from textual.events import Event, Key

from tests.tui.settling import PATIENCE
from tests.tui.support import Place, at_once, running, shows, until
from tests.tui.test_filters_of_lists import open_first
from tui.early_keys import KeepsEarlyKeys


class Opening(KeepsEarlyKeys):
    """An app whose top screen is being composed."""

    top: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.top = SimpleNamespace(is_mounted=False, message_queue_size=0, focused=None)
        self.top.ancestors_with_self = [self.top]

    @property
    def _screen_stack(self) -> list[Any]:
        return [self.top] if self.top else []

    @property
    def screen(self) -> Any:
        return self.top

    def call_later(self, callback: Any, *args: Any, **kwargs: Any) -> bool:
        self.called = asyncio.create_task(callback(*args, **kwargs))
        return True


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that Textual has got."""
    keys: list[str] = []

    async def on_event(app: App[Any], event: Event) -> None:
        keys.append(event.key if isinstance(event, Key) else type(event).__name__)

    monkeypatch.setattr(App, "on_event", on_event)
    return keys


async def come_to(handled: list[str], count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(handled) < count:
            await asyncio.sleep(0)


async def test_keys_wait_until_the_screen_is_composed(handled: list[str]) -> None:
    app = Opening()
    first, second, third = Key("j", "j"), Key("k", "k"), Key("escape", None)
    await app.on_event(second)
    await app.on_event(first)  # a widget of the screen below has left it to the app
    await asyncio.sleep(0.01)
    assert handled == []
    app.top.is_mounted = True
    await app.on_event(third)
    await come_to(handled, 3)
    assert handled == ["j", "k", "escape"]


async def test_a_key_waits_for_the_one_before_it(handled: list[str]) -> None:
    app = Opening()
    app.top.is_mounted, app.top.message_queue_size = True, 1
    await app.on_event(Key("j", "j"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert handled == []
    app.top.message_queue_size = 0
    await come_to(handled, 1)
    await app.on_event(Key("k", "k"))
    assert handled == ["j", "k"]


async def test_no_key_waits_for_ever(handled: list[str]) -> None:
    app = Opening()
    app.top.is_mounted, app.top.message_queue_size = True, 1
    await app.on_event(Key("j", "j"))
    await app.on_event(Key("k", "k"))
    await come_to(handled, 2)
    assert handled == ["j", "k"]


async def test_keys_in_one_piece_do_what_they_do_one_by_one(place: Place) -> None:
    place.batch("evening", ["lamp", "fox", "lamp-2"])
    async with running(place.dashboard()) as pilot:
        app: Any = pilot.app
        await open_first(pilot)
        await at_once(pilot, "slash", *"lamp", "enter", "G", "colon", *"queue")
        await shows(pilot, "queue", "enter  go")
        assert type(app.screen).__name__ == "GoScreen"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.rows.total == 2)
        assert app.screen.filter_text == "lamp"
        assert place.read("SELECT verb FROM commands") == []  # p of lamp has paused nothing


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
