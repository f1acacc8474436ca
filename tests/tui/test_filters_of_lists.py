"""A filter belongs to one list; it is typed over, cleared before leaving, and explains a void."""

import pytest

from tests.tui.support import Place, running, shows, until
from tui.screens.filtered import FilterInput
from tui.ui_state import MAX_FILTERS, UiState


@pytest.fixture
def two(place: Place) -> Place:
    place.batch("morning", ["lamp", "fox"])
    place.batch("evening", ["lamp", "tea", "boat"])
    return place


async def open_first(pilot) -> None:
    """Opens the batch on top of the list: the newest."""
    await until(pilot, lambda: pilot.app.screen.WHERE == "batches" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)


async def back(pilot) -> None:
    pilot.app.go_batches()
    await until(pilot, lambda: pilot.app.screen.WHERE == "batches")


def filter_of(pilot) -> tuple[str, bool]:
    line = pilot.app.screen.query_one(FilterInput)
    return pilot.app.screen.filter_text, line.display


async def test_a_filter_belongs_to_its_batch(two: Place) -> None:
    async with running(two.dashboard()) as pilot:
        await open_first(pilot)
        await pilot.press("slash", *"lamp", "enter")
        await until(pilot, lambda: pilot.app.screen.rows.total == 1)
        await back(pilot)
        await pilot.press("j")
        await open_first(pilot)
        assert filter_of(pilot) == ("", False)
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await back(pilot)
        await pilot.press("k")
        await open_first(pilot)
        assert filter_of(pilot) == ("lamp", True)
        await until(pilot, lambda: pilot.app.screen.rows.total == 1)


async def test_faults_are_not_remembered_and_give_back_the_filter(two: Place) -> None:
    two.claim(5)
    two.fail(two.job_ids(2)[1], "No.")
    async with running(two.dashboard()) as pilot:
        await open_first(pilot)
        await pilot.press("slash", *"t", "enter")
        await until(pilot, lambda: pilot.app.screen.rows.total == 2)
        await pilot.press("f")
        await until(pilot, lambda: pilot.app.screen.rows.total == 1)
        await pilot.press("f")
        assert filter_of(pilot) == ("t", True)
        await pilot.press("f")
        await back(pilot)
        await open_first(pilot)
        assert filter_of(pilot) == ("t", True)


async def test_slash_selects_the_old_text(two: Place) -> None:
    async with running(two.dashboard()) as pilot:
        await open_first(pilot)
        await pilot.press("slash", *"lamp", "enter", "slash", *"tea", "enter")
        assert filter_of(pilot) == ("tea", True)


@pytest.mark.parametrize("where", ["batches", "batch"])
async def test_escape_clears_filter_and_marks_before_it_leaves(two: Place, where: str) -> None:
    async with running(two.dashboard()) as pilot:
        if where == "batch":
            await open_first(pilot)
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("space", "slash", *"o", "enter")
        screen = pilot.app.screen
        await pilot.press("escape")
        assert (filter_of(pilot), len(screen.rows.marks)) == (("", False), 1)
        await pilot.press("escape")
        assert (pilot.app.screen, screen.rows.marks) == (screen, set())
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")


async def test_an_empty_list_says_what_left_nothing(two: Place) -> None:
    async with running(two.dashboard()) as pilot:
        await pilot.press("slash", *"walrus", "enter")
        await shows(pilot, "No batch of 2 matches the filter walrus", "esc clears it")
        await pilot.press("escape")
        await open_first(pilot)
        await pilot.press("f")
        await shows(pilot, "No job of 3 matches the filter state:failed,parked")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.rows.total == 3)


async def test_the_only_job_is_counted_in_words(place: Place) -> None:
    place.batch("evening", ["lamp"])
    async with running(place.dashboard()) as pilot:
        await open_first(pilot)
        await pilot.press("slash", *"fox", "enter")
        await shows(pilot, "The only job does not match the filter fox")


def test_filters_that_are_remembered_are_bounded() -> None:
    remembered = UiState()
    for number in range(MAX_FILTERS + 5):
        remembered.keep_filter(f"w#batch{number}", "lamp")
    remembered.keep_filter("w#batch10", "tea")
    assert len(remembered.filters) == MAX_FILTERS
    assert list(remembered.filters)[-1] == "w#batch10"
    remembered.keep_filter("w#batch10", "")
    assert "w#batch10" not in remembered.filters
