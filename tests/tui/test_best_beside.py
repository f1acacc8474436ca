"""The best job of a batch beside another one: from the table, the sheet, a job, a comparison."""

from typing import Any

import pytest
from textual.pilot import Pilot

from engine.client.views.best_beside import best_other
from engine.client.views.recipe_info import Headlines
from tests.support.effort import cases
from tests.tui.support import Place, running, shows, until

SCORES = {"poor": 20.0, "fair": 50.0, "good": 70.0, "best": 90.0}


@pytest.fixture
def scored(place: Place) -> Place:
    ids = place.job_ids(place.batch("evening", [*SCORES, "waits"]))
    place.claim(4)
    for job, score in zip(ids, SCORES.values(), strict=False):
        place.turn(job, 1, score - 5, prompt=f"a lamp of {score}")
        place.turn(job, 2, score)
        place.end(job, score)
    return place


def beside(app: Any) -> list[str]:
    """Titles of what is side by side."""
    return [one.title for one in app.screen._candidates]


async def in_the_batch(pilot: Pilot[Any], view: str = "table") -> Any:
    app: Any = pilot.app
    await until(pilot, lambda: app.screen.rows.current)
    await pilot.press("enter")
    await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.rows.total == 5)
    if view == "sheet":
        await pilot.press("2")
        await until(pilot, lambda: app.screen.is_sheet and app.screen.sheet.has_focus)
    return app


@pytest.mark.parametrize("view", ["table", "sheet"])
async def test_the_selected_job_beside_the_best(scored: Place, view: str) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        app = await in_the_batch(pilot, view)
        await until(pilot, lambda: app.screen.rows.current.key == "poor")
        await pilot.press("C")
        await until(pilot, lambda: beside(app) == ["best", "poor"])
        assert app.screen.sides.active == 1
        await shows(pilot, "90.0 best", "20.0 poor", "-70.0")


async def test_the_best_is_beside_the_next_best_and_marks_do_not_matter(scored: Place) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        app = await in_the_batch(pilot)
        await pilot.press("space", "j", "j")
        await until(pilot, lambda: app.screen.rows.current.key == "best")
        await pilot.press("C")
        await until(pilot, lambda: beside(app) == ["good", "best"])


async def test_a_part_of_a_job_beside_the_best_job(scored: Place) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        app = await in_the_batch(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen._snapshot)
        await pilot.press("h")
        await until(pilot, lambda: app.screen.scope == "iteration-1")
        await pilot.press("C")
        await until(pilot, lambda: beside(app) == ["j4 best", "iteration 1"])
        await pilot.press("l")
        await until(pilot, lambda: beside(app) == ["j4 best", "iteration 2"])
        await pilot.press("tab", "c")
        await shows(pilot, "Parts of one job can be chosen")
        await pilot.press("z")
        await until(pilot, lambda: app.screen.WHERE == "zoom" and app.screen._candidate)
        assert app.screen._candidate.title == "best"
        await pilot.press("escape")
        await until(pilot, lambda: beside(app) == ["j4 best", "iteration 2"])
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen.job_id == 4)


async def test_in_a_comparison_it_replaces_the_other_side(scored: Place) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        app = await in_the_batch(pilot)
        await pilot.press("j", "equals_sign")
        await until(pilot, lambda: beside(app) == ["poor", "fair"])
        await pilot.press("C")
        await until(pilot, lambda: beside(app) == ["best", "fair"])
        assert app.screen.sides.active == 1


@cases("parts", [True, False], usual=1)
async def test_in_a_comparison_of_parts_the_best_job_is_one_more(
    scored: Place, parts: bool
) -> None:
    async with running(scored.dashboard(), (120, 40)) as pilot:
        app = await in_the_batch(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "job" and app.screen._snapshot)
        await pilot.press(*(["l"] if parts else []), "equals_sign")
        await until(pilot, lambda: beside(app) == ["iteration 1", "iteration 2"])
        await pilot.press("C")
        await until(pilot, lambda: beside(app) == ["j4 best", "iteration 2"])
        await pilot.press("plus")
        await until(pilot, lambda: beside(app) == ["j4 best", "iteration 2", "iteration 1"])


async def test_a_batch_without_another_result_says_so(place: Place) -> None:
    place.batch("evening", ["one", "two"])
    async with running(place.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await until(pilot, lambda: app.screen.rows.current)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.rows.total == 2)
        await pilot.press("C")
        await shows(pilot, "No other job of this batch has a result yet.")


def test_a_job_that_is_gone_has_no_other(scored: Place) -> None:
    connection = scored.store.reader()
    try:
        assert best_other(connection, 99, Headlines()) is None
        assert best_other(connection, 5, Headlines()) == 4
    finally:
        connection.close()
