"""Answers say what the work that was asked for waits for, and name its key once."""

from collections.abc import Callable

import pytest

from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_job_screen import open_job
from tui.snapshots.header import EngineState, Header
from tui.waits import Waits

RUNS = Header(engine=EngineState("running", 7))


@pytest.mark.parametrize("state", ["none", "lost"])
def test_the_key_is_named_once_until_an_engine_has_run(state: str) -> None:
    waits, head = Waits({}), Header(engine=EngineState(state))
    assert waits.sentence(head) == "It waits for an engine: E starts one."
    waits.note(head)
    assert waits.sentence(head) == "It waits for an engine."
    waits.note(RUNS)
    assert waits.sentence(RUNS) == ""
    assert waits.sentence(head) == "It waits for an engine: E starts one."


def test_the_operators_own_key_is_named() -> None:
    assert Waits({"engine_menu": "ctrl+e"}).sentence(Header()).endswith("ctrl+e starts one.")


def test_other_things_are_waited_for() -> None:
    paused = Header(engine=EngineState("running", 7), paused=True)
    assert Waits({}).sentence(paused).endswith("P resumes it.")
    suspended = Header(engine=EngineState("suspended", 7))
    assert Waits({}).sentence(suspended).endswith("kill -CONT 7")


@pytest.fixture
def failed(place: Place) -> Place:
    """A batch of one job that failed."""
    job = place.job_ids(place.batch("evening", ["one"]))[0]
    place.claim(1)
    place.fail(job, "Out of memory.")
    return place


async def test_a_retry_says_that_it_waits_for_an_engine(failed: Place) -> None:
    async with running(failed.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "b1 evening")
        await pilot.press("t")
        await shows(
            pilot, "continues from the step that failed. It waits for an engine: E starts one."
        )
        pilot.app.clear_notifications()
        await pilot.press("p")
        await shows(pilot, "Paused")
        assert "It waits for" not in seen(pilot.app)


async def test_with_an_engine_an_answer_says_no_more(
    failed: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder: Callable[..., tuple[int, str]] = lambda _: (1, "here")  # noqa: E731
    monkeypatch.setattr("tui.snapshots.header.engine_holder", holder)
    failed.engine_row(1)
    async with running(failed.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "b1 evening", "▸ engine 1")
        await pilot.press("t")
        await shows(pilot, "continues from the step")
        assert "It waits" not in seen(pilot.app)


async def test_the_whole_answer_about_a_job_is_above_the_footer(failed: Place) -> None:
    async with running(failed.dashboard(), (80, 24)) as pilot:
        await shows(pilot, "b1 evening")
        await open_job(pilot)
        pilot.app.answer(
            "Decided iteration-3/prompt of j4 (ninth-avenue); what depends on it runs again.",
            starts_work=True,
        )
        await until(pilot, lambda: len(pilot.app.screen.query("Toast")) == 1)
        await until(pilot, lambda: pilot.app.screen.query_one("Toast").size.height >= 3)
        assert pilot.app.screen.query_one("Toast").region.bottom <= 23
