"""The screen of one job."""

import pytest

from tests.tui.support import Place, at_once, running, seen, shows, until
from tui.widgets.detail_panel import DetailPanel
from tui.widgets.filmstrip import Filmstrip, Frame


async def open_job(pilot, downs: int = 0) -> None:
    await until(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press(*["j"] * downs, "enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)


def refined(place: Place) -> None:
    first, second = place.job_ids(place.batch("images", ["lamp", "moon"], prompt="a red lamp"))
    place.claim(2)
    place.turn(first, 1, 55, prompt="a dim red lamp", text="Too bright.")
    place.turn(first, 2, 88, text="Better.")
    place.end(first, 88)
    place.fail(second, "The model is gone.", "Choose another model in safelight.toml.")


async def test_it_draws_the_tree_the_words_and_the_scores(place: Place) -> None:
    refined(place)
    async with running(place.dashboard(), (150, 50)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await shows(pilot, "iteration 1", "iteration 2", "generate", "evaluate", "refine", "88.0")
        await shows(pilot, "score 88.0 of 100.0", "Better.", "a moon", "dim", "refiner: clearer")


async def test_iterations_stand_side_by_side(place: Place) -> None:
    refined(place)
    async with running(place.dashboard(), (150, 50)) as pilot:
        await open_job(pilot)
        strip = pilot.app.screen.query_one(Filmstrip)
        await until(pilot, lambda: len(strip.query(Frame)) == 2 and strip.display)
        await until(pilot, lambda: strip.query(Frame)[1].has_class("-chosen"))
        await pilot.press("h")
        await until(pilot, lambda: strip.query(Frame)[0].has_class("-chosen"))
        await shows(pilot, "Too bright.")
        await pilot.press("l")
        await shows(pilot, "Better.")
        await pilot.click(strip.query(Frame).first())
        await shows(pilot, "Too bright.")


async def test_keys_that_come_at_once_each_go_to_the_next_iteration(place: Place) -> None:
    job = place.job_ids(place.batch("images", ["lamp"]))[0]
    place.claim(1)
    for number in range(1, 6):
        place.turn(job, number, 10 * number)
    place.end(job, 50)
    async with running(place.dashboard(), (150, 50)) as pilot:
        await open_job(pilot)
        await shows(pilot, "iteration 5")
        await at_once(pilot, "h", "h", "h")
        assert pilot.app.screen.part == "iteration 2"
        await at_once(pilot, "l", "l", "l", "h")
        assert pilot.app.screen.part == "iteration 4"


async def test_a_failed_job_opens_on_what_failed(place: Place) -> None:
    refined(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot, downs=1)
        await shows(pilot, "✗ failed", "The model is gone.", "→ Choose another model")


async def test_a_step_shows_its_request_and_result(place: Place) -> None:
    refined(place)
    async with running(place.dashboard(), (150, 50)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("j")
        panel = pilot.app.screen.query_one(DetailPanel)
        await until(pilot, lambda: panel._detail.node > 0)
        assert panel.query_one("#request").display
        assert panel._detail.timings[0].name == "iteration-2/generate"


async def test_it_follows_a_running_job(place: Place) -> None:
    job = place.job_ids(place.batch("live", ["lamp"]))[0]
    place.claim(1)
    place.turn(job, 1, 20)
    async with running(place.dashboard(), (150, 50)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await shows(pilot, "iteration 1")
        place.turn(job, 2, 70)
        await shows(pilot, "iteration 2", "70.0")
        assert pilot.app.screen.rows.current.label == "iteration 2"


async def test_next_and_previous_job(place: Place) -> None:
    refined(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await shows(pilot, "j1 lamp")
        await pilot.press("J")
        await shows(pilot, "j2 moon", "The model is gone.")
        await pilot.press("K")
        await shows(pilot, "j1 lamp", "88.0")
        await pilot.press("K")
        await shows(pilot, "There are no more jobs in that direction.")


async def test_scopes_of_any_depth_and_name(place: Place) -> None:
    job = place.job_ids(place.batch("film", ["night"]))[0]
    place.claim(1)
    for scene in (1, 2):
        place.step(job, f"scene-{scene}/take-1", "shoot")
    place.step(job, "", "cut")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await shows(pilot, "scene 1", "take 1", "shoot", "scene 2", "cut")
        lines = [line[:40] for line in seen(pilot.app).splitlines() if "✓" in line[:40]]
        indent = {
            word: next(x.index(word) for x in lines if word in x) for word in ("scene", "take")
        }
        assert indent["take"] > indent["scene"]


@pytest.mark.slow
async def test_back_to_all_batches(place: Place) -> None:
    refined(place)
    async with running(place.dashboard()) as pilot:
        await open_job(pilot)
        await pilot.press("B")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await shows(pilot, "b1 images")
