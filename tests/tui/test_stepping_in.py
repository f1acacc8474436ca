"""What an operator does is a command in the store, and its answer is shown."""

import asyncio
import json

import pytest

from tests.support.engines import Toy
from tests.tui.support import Place, running, shows, until
from tui.screens.confirm import ConfirmScreen


@pytest.fixture
def failed(place: Place) -> Place:
    ids = place.job_ids(place.batch("evening", ["one", "two", "three"]))
    place.claim(2)
    place.fail(ids[0], "No.")
    place.fail(ids[1], "No.")
    return place


def commands(place: Place) -> list[tuple[str, list[dict[str, int]], str]]:
    rows = place.read("SELECT verb, targets, source FROM commands ORDER BY id")
    return [(verb, json.loads(targets), source) for verb, targets, source in rows]


def states(place: Place) -> list[str]:
    return [row[0] for row in place.read("SELECT state FROM jobs ORDER BY position")]


async def in_batch(pilot) -> None:
    await until(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)


async def test_retry_of_one_without_an_engine(failed: Place) -> None:
    async with running(failed.dashboard()) as pilot:
        await in_batch(pilot)
        await pilot.press("t")
        await shows(pilot, "j1 (one) continues", "· 2 queued")
    assert commands(failed) == [("retry", [{"job": 1}], "tui")]
    assert states(failed) == ["queued", "failed", "queued"]


async def test_marks_are_done_one_by_one_and_summed_up(failed: Place) -> None:
    async with running(failed.dashboard()) as pilot:
        await in_batch(pilot)
        await pilot.press("asterisk")
        await until(pilot, lambda: len(pilot.app.screen.rows.marks) == 3)
        await pilot.press("t")
        await shows(pilot, "Retried 2 jobs. 1 job refused: ")
    assert [targets for _, targets, _ in commands(failed)] == [[{"job": n}] for n in (1, 2, 3)]


async def test_cancel_asks_first(failed: Place) -> None:
    async with running(failed.dashboard()) as pilot:
        await in_batch(pilot)
        await pilot.press("G", "x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await shows(pilot, "Cancel j3 (three)?")
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        assert commands(failed) == []
        await pilot.press("x")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await shows(pilot, "Cancelled j3")
    assert states(failed)[2] == "cancelled"


@pytest.mark.parametrize(
    ("key", "verb", "arguments"),
    [
        ("p", "pause", {}),
        ("r", "resume", {}),
        ("greater_than_sign", "priority", {"change": 1}),
        ("less_than_sign", "priority", {"change": -1}),
    ],
)
async def test_a_whole_batch(failed: Place, key: str, verb: str, arguments: dict) -> None:
    async with running(failed.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press(key)
        await until(pilot, lambda: commands(failed))
        await until(pilot, lambda: failed.read("SELECT state FROM commands") == [("done",)])
    assert commands(failed) == [(verb, [{"batch": 1}], "tui")]
    assert json.loads(failed.read("SELECT arguments FROM commands")[0][0]) == arguments


async def test_from_the_screen_of_a_job(failed: Place) -> None:
    async with running(failed.dashboard()) as pilot:
        await in_batch(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await pilot.press("t")
        await until(pilot, lambda: states(failed)[0] == "queued")


async def test_a_refusal_is_shown(failed: Place) -> None:
    async with running(failed.dashboard()) as pilot:
        await in_batch(pilot)
        await pilot.press("p")
        await shows(pilot, "is failed; there is nothing to pause")


async def test_read_only_changes_nothing(failed: Place) -> None:
    async with running(failed.dashboard(read_only=True)) as pilot:
        await shows(pilot, "read-only")
        await pilot.press("p", "t", "x", "E", "n")
        await in_batch(pilot)
        await pilot.press("p", "t", "x", "greater_than_sign")
        await shows(pilot, "two")
        assert pilot.app.screen.WHERE == "batch"
    assert commands(failed) == []


async def _none_before(moment: asyncio.Event) -> None:
    await moment.wait()


async def test_a_running_engine_answers(tmp_path) -> None:
    from tui.app import Dashboard

    toy = Toy(tmp_path / "workspace")
    toy.backend.change(concurrency=1)
    toy.queue(3)
    resumed = asyncio.Event()
    toy.backend.reply = lambda request, context: _none_before(resumed)
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    try:
        async with running(Dashboard(toy.root)) as pilot:
            await shows(pilot, "▸ engine")
            await pilot.press("p")
            await shows(pilot, "Paused b1")
            await pilot.press("r")
            await shows(pilot, "Resumed b1")
            resumed.set()
            await shows(pilot, "3/3")
    finally:
        engine.stop()
        await task
