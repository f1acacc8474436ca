"""Rating, marking, archiving, deleting and searching by keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.writes.search import index_jobs
from engine.client.views.filters import Filter
from tests.support.effort import cases
from tests.tui.support import Place, running, shows
from tests.tui.support import until as wait
from tui.screens.compare import CompareScreen
from tui.screens.keep import KeepScreen
from tui.screens.search import SearchScreen

HOSTILE = "\x1b[31mred\x1b[0m [bold]not[/bold] \u202egnp"


@asynccontextmanager
async def driven(place: Place, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """The dashboard, and the keys."""
    app = place.dashboard(**options)
    async with running(app) as pilot:
        yield app, pilot


def finished(place: Place, keys: list[str], **options: Any) -> int:
    """A batch whose jobs are done, each with one iteration."""
    batch = place.batch("lamps", keys, **options)
    place.claim(len(keys))
    for number, job in enumerate(place.job_ids(batch)):
        place.turn(job, 1, 50.0 + number, prompt=f"a lamp by {keys[number]}", text="too dark")
        place.end(job, 50.0 + number)
    place.write(lambda c: c.execute("UPDATE batches SET finish = 'done'"))
    return batch


async def at_the_job(pilot: Any) -> None:
    """Open the first job of the first batch."""
    await wait(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await wait(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await wait(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)


def ratings(place: Place) -> list[tuple[Any, ...]]:
    return place.read("SELECT job_id, part, value, note FROM ratings ORDER BY id")


async def test_marked_jobs_are_rated_by_two_keys(place: Place) -> None:
    finished(place, ["a", "b", "c"])
    async with driven(place) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        await pilot.press("enter")
        await wait(pilot, lambda: app.screen.rows.total == 3)
        await pilot.press("space", "space", "m")
        assert isinstance(app.screen, KeepScreen)
        await pilot.press("4")
        await wait(pilot, lambda: len(ratings(place)) == 2)
        assert ratings(place) == [(1, "", 4, ""), (2, "", 4, "")]
        await wait(pilot, lambda: app.screen.rows.row(0).rating == "4")
        await pilot.press("escape", "m", "x")
        await wait(pilot, lambda: len(ratings(place)) == 3)
        await pilot.press("slash", *"rating:>=4", "enter")
        await wait(pilot, lambda: app.screen.rows.total == 2)


async def test_a_part_of_a_job_is_rated_and_noted(place: Place) -> None:
    finished(place, ["a"])
    async with driven(place) as (app, pilot):
        await at_the_job(pilot)
        await pilot.press("m")
        await wait(pilot, lambda: isinstance(app.screen, KeepScreen))
        await pilot.press("n", *"soft", "enter")
        await wait(pilot, lambda: len(ratings(place)) == 1)
        await pilot.press("m")
        await wait(pilot, lambda: isinstance(app.screen, KeepScreen))
        await pilot.press("k")
        await wait(pilot, lambda: len(ratings(place)) == 2)
    assert ratings(place) == [(1, "iteration-1", None, "soft"), (1, "iteration-1", 6, "soft")]
    assert place.read("SELECT rating FROM jobs") == [(6,)]


def iterations(place: Place, count: int) -> int:
    """A job that is done, with some iterations."""
    (job,) = place.job_ids(place.batch("lamps", ["a"]))
    place.claim(1)
    for number in range(1, count + 1):
        place.turn(job, number, 40.0 + 10 * number)
    place.end(job, 40.0 + 10 * count)
    return job


async def test_the_selected_part_of_a_job_is_rated_and_shows_it(place: Place) -> None:
    iterations(place, 3)
    async with driven(place) as (app, pilot):
        await at_the_job(pilot)
        await pilot.press("left")
        await wait(pilot, lambda: app.screen._snapshot.node.part == "iteration-2")
        await pilot.press("m")
        await shows(pilot, "Rate iteration-2 of j1 (a)")
        await pilot.press("4")
        await shows(pilot, "★4 60.0 iteration 2")
    assert ratings(place) == [(1, "iteration-2", 4, "")]


@pytest.mark.slow
async def test_the_active_part_of_a_comparison_is_rated_and_shows_it(place: Place) -> None:
    iterations(place, 3)
    async with driven(place) as (app, pilot):
        await at_the_job(pilot)
        await pilot.press("equals_sign")
        await wait(
            pilot, lambda: isinstance(app.screen, CompareScreen) and bool(app.screen.sides.shown)
        )
        await pilot.press("m")
        await wait(pilot, lambda: isinstance(app.screen, KeepScreen))
        await pilot.press("5")
        await shows(pilot, "★5 iteration 3")
        await pilot.press("tab", "m")
        await wait(pilot, lambda: isinstance(app.screen, KeepScreen))
        await pilot.press("x")
        await shows(pilot, "x iteration 2")
    assert ratings(place) == [(1, "iteration-3", 5, ""), (1, "iteration-2", 0, "")]


async def test_a_rating_is_for_what_was_selected_when_it_was_asked_for(place: Place) -> None:
    iterations(place, 3)
    async with driven(place) as (app, pilot):
        await at_the_job(pilot)
        app.screen.action_rate()
        app.screen.targets = lambda: ([{"job": 99}], "j99")
        await shows(pilot, "Rate iteration-3 of j1 (a)")


async def test_escape_rates_nothing(place: Place) -> None:
    finished(place, ["a"])
    async with driven(place) as (app, pilot):
        await pilot.press("enter")
        await wait(pilot, lambda: app.screen.rows.total == 1)
        await pilot.press("m", "n", *"no", "escape")
        await wait(pilot, lambda: not isinstance(app.screen, KeepScreen))
    assert ratings(place) == []


async def test_a_batch_is_starred_noted_and_archived(place: Place) -> None:
    finished(place, ["a"])
    async with driven(place) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        await pilot.press("m")
        await wait(pilot, lambda: isinstance(app.screen, KeepScreen))
        await pilot.press("s")
        await wait(pilot, lambda: not isinstance(app.screen, KeepScreen))
        await wait(pilot, lambda: app.screen.rows.row(0).starred)
        await pilot.press("m", "n", *"[b]poster", "enter")
        await wait(pilot, lambda: app.screen.rows.row(0).note == "[b]poster")
        await pilot.press("m", "h")
        await wait(pilot, lambda: app.screen.rows.total == 0)
        await pilot.press("H")
        await wait(pilot, lambda: app.screen.rows.total == 1)
        assert app.screen.rows.row(0).archived
        await pilot.press("m", "h")
        await wait(pilot, lambda: not app.screen.rows.row(0).archived)


async def test_deleting_asks_with_what_it_frees(place: Place) -> None:
    finished(place, ["a", "b"])
    async with driven(place) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        await pilot.press("D")
        await wait(pilot, lambda: type(app.screen).__name__ == "ConfirmScreen")
        assert "2 jobs, 2 stored files" in app.screen._question
        await pilot.press("n")
        await wait(pilot, lambda: type(app.screen).__name__ == "BatchesScreen")
        assert place.read("SELECT count(*) FROM jobs") == [(2,)]
        await pilot.press("D")
        await wait(pilot, lambda: type(app.screen).__name__ == "ConfirmScreen")
        await pilot.press("y")
        await wait(pilot, lambda: place.read("SELECT count(*) FROM batches") == [(0,)])
        await wait(pilot, lambda: app.screen.rows.total == 0)


async def test_a_watcher_marks_and_deletes_nothing(place: Place) -> None:
    finished(place, ["a"])
    async with driven(place, read_only=True) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        await pilot.press("m", "D")
        assert type(app.screen).__name__ == "BatchesScreen"


async def test_a_search_lists_jobs_of_all_batches_and_opens_the_part(place: Place) -> None:
    finished(place, ["harbour", "hill"])
    finished(place, ["tower"])
    place.write(index_jobs)
    async with driven(place) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 2)
        app.search("lamp hil")
        await pilot.pause()
        await wait(
            pilot, lambda: isinstance(app.screen, SearchScreen) and app.screen.rows.total == 1
        )
        hit = app.screen.rows.row(0).hit
        assert (hit.key, hit.part) == ("hill", "iteration-1")
        await pilot.press("slash", *"dark")
        await wait(
            pilot,
            lambda: app.screen.rows.total == 3 and app.screen.rows.row(0).hit.key == "tower",
        )
        await pilot.press("enter", "enter")
        await wait(pilot, lambda: getattr(app.screen, "_snapshot", None) is not None)
        snapshot = app.screen._snapshot
        assert snapshot.job.key == "tower"
        assert snapshot.node.part == "iteration-1"
        await pilot.press("escape")
        await wait(pilot, lambda: isinstance(app.screen, SearchScreen))
        await pilot.press("escape")
        await wait(pilot, lambda: type(app.screen).__name__ == "BatchesScreen")


async def test_a_narrow_search_shows_the_word_that_matches(place: Place) -> None:
    finished(place, [f"{'a hill beyond the harbour ' * 3} lanternlight {'and the sea ' * 9}"])
    place.write(index_jobs)
    app: Any = place.dashboard()
    async with running(app, (80, 24)) as pilot:
        app.search("lanternlight")
        await shows(pilot, "…harbour lanternlight")


async def test_a_search_indexes_what_no_engine_has(place: Place) -> None:
    finished(place, ["harbour", "hill"])
    async with driven(place) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        app.search("lamp")
        await shows(pilot, "2 jobs, the newest first", "hill", "harbour")


async def test_a_watcher_indexes_nothing(place: Place) -> None:
    finished(place, ["harbour", "hill"])
    async with driven(place, read_only=True) as (app, pilot):
        await wait(pilot, lambda: app.screen.rows.total == 1)
        app.search("lamp")
        await shows(pilot, "2 finished jobs are not indexed yet")
    assert place.read("SELECT count(*) FROM jobs WHERE indexed") == [(0,)]


@cases("text", [HOSTILE, "NEAR(", '"(', "x" * 5000, ""], usual=2)
async def test_hostile_words_are_searched_and_shown_as_text(place: Place, text: str) -> None:
    finished(place, [f"key {HOSTILE}"], prompt=f"lamp {HOSTILE}")
    place.write(index_jobs)
    async with driven(place) as (app, pilot):
        app.search(text)
        await wait(pilot, lambda: isinstance(app.screen, SearchScreen))
        await pilot.pause()
        app.screen.search_for("lamp")
        await wait(pilot, lambda: app.screen.rows.total == 1)
        assert "\x1b" not in str(app.screen.rows.row(0).hit)


@pytest.mark.parametrize(
    ("text", "ratings", "unknown"),
    [
        ("rating:keep", {6}, ""),
        ("rating:>=4", {4, 5, 6}, ""),
        ("rated:no", {None}, ""),
        ("rated:yes !rating:reject", {1, 2, 3, 4, 5, 6}, ""),
        ("!rating:<3", {3, 4, 5, 6, None}, ""),
        ("rating:good", None, "rating:good"),
        ("lamp", None, ""),
    ],
)
def test_ratings_in_filters(text: str, ratings: set[int | None] | None, unknown: str) -> None:
    parsed = Filter.parse(text)
    assert (parsed.ratings, parsed.unknown) == (ratings, unknown)
    assert parsed.by_name == (ratings is not None or text == "lamp")
