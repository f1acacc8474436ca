"""Going anywhere by `:`, and back and forward among the places that were visited."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.tui.support import Place, at_once, running, shows, until
from tui.history import MAX_VISITS, History
from tui.screens.go import GoScreen, PlacesFound
from tui.snapshots.places import Place as Spot
from tui.snapshots.places import find_places


@pytest.fixture
def two(place: Place) -> Place:
    place.batch("evening", ["one", "two"])
    place.batch("morning fox", ["three"])
    return place


async def go(pilot, text: str) -> None:
    await pilot.press("colon")
    await until(pilot, lambda: type(pilot.app.screen).__name__ == "GoScreen")
    await pilot.press(*text, "enter")


async def test_ids_names_views_and_actions(two: Place) -> None:
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await go(pilot, "b1")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 1)
        await go(pilot, "j3")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen.job_id == 3)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 2)
        await go(pilot, "b1/two")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen.job_id == 2)
        await go(pilot, "queue")
        await until(pilot, lambda: app.screen.WHERE == "queue")
        await go(pilot, ":b1")  # as it is written, colon and all
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 1)
        await go(pilot, "fox")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 2)
        await go(pilot, "priority up")
        await until(pilot, lambda: two.read("SELECT arguments FROM commands"))
        await go(pilot, "batches")
        await until(pilot, lambda: app.screen.WHERE == "batches")
        await pilot.press("colon", *"words that nothing has")
        await shows(pilot, "Search all batches for 'words that nothing has'")
        await pilot.press("escape")


async def test_enter_goes_once_the_places_are_known_and_not_before(
    two: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, GoScreen))
        line = app.screen
        monkeypatch.setattr(GoScreen, "_look", lambda _screen, _text: None)
        await at_once(pilot, *"b1", "enter", "backspace")
        assert app.screen is line  # and what is typed after all is not waited for
        line.post_message(PlacesFound("b", [Spot("batch", 2, name="morning fox")]))
        await shows(pilot, "b2 morning fox")
        await at_once(pilot, "1", "enter")
        assert app.screen is line
        line.post_message(PlacesFound("b1", [Spot("batch", 1, name="evening")]))
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 1)


async def test_places_are_known_as_soon_as_they_are_shown(
    two: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the thread that has found them has not ended."""
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await pilot.press("colon", *"b1")
        await shows(pilot, "b1 evening")
        with monkeypatch.context() as patch:
            patch.setattr(GoScreen, "workers", Lingering([SimpleNamespace(**LOOKING)]))
            await at_once(pilot, "enter")
            await until(pilot, lambda: app.screen.WHERE == "batch")


LOOKING = {"group": "places", "is_finished": False}


class Lingering(list[Any]):
    """Workers of a screen."""

    def cancel_node(self, _node: Any) -> None:
        """Let them linger."""


async def test_words_are_searched_in_all_batches(two: Place) -> None:
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await go(pilot, "words that nothing has")
        await until(pilot, lambda: app.screen.WHERE == "search")
        await shows(pilot, "search words that nothing has", "Nothing matches.")
        await go(pilot, "other words")
        await shows(pilot, "search other words")
        assert [screen.WHERE for screen in app.screen_stack] == ["batches", "search"]


async def test_back_and_forward(two: Place) -> None:
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await go(pilot, "b1")
        await until(pilot, lambda: app.screen.WHERE == "batch")
        await go(pilot, "j3")
        await until(pilot, lambda: app.screen.WHERE == "job")
        await pilot.press("ctrl+left")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.batch_id == 1)
        await pilot.press("ctrl+left")
        await until(pilot, lambda: app.screen.WHERE == "batches")
        await pilot.press("ctrl+left")
        await shows(pilot, "There is no place before this one.")
        await pilot.press("ctrl+right", "ctrl+right")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen.job_id == 3)


async def test_a_screen_that_is_passed_is_not_visited(two: Place) -> None:
    """Although it resumes after the one above it, through which it may be seen."""
    app: Any = two.dashboard()
    async with running(app) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await go(pilot, "b1")
        await until(pilot, lambda: app.screen.WHERE == "batch")
        app.screen.styles.background = "transparent"
        passed = app.screen_stack[0]
        assert passed.is_current
        passed.on_screen_resume()
        assert app._history.screen == Spot("batch", 1)


def test_a_history_is_bounded_and_forgets_what_was_left() -> None:
    history = History()
    assert history.go(-1) is None
    for number in range(1, MAX_VISITS + 50):
        history.visit(Spot("batch", number))
        history.visit(Spot("batch", number, name="the same"))
    assert history.go(-MAX_VISITS) is None
    assert history.go(-2) == Spot("batch", MAX_VISITS + 47)
    history.visit(Spot("queue"))
    assert history.go(+1) is None
    assert history.go(-1) == Spot("batch", MAX_VISITS + 47)


def test_what_a_text_may_mean(two: Place) -> None:
    connection = two.store.reader()
    try:
        found = find_places(connection, "evn", [])
        assert found[0].title == "b1 evening"
        assert [place.kind for place in find_places(connection, "j99", [])] == ["search"]
        assert find_places(connection, "J2", [])[0].title == "j2 two"
        action = Spot("action", name="Retry", action="retry")
        assert find_places(connection, "ret", [action])[0] is action
        assert {place.kind for place in find_places(None, "", [])} >= {"list", "queue", "log"}
    finally:
        connection.close()
