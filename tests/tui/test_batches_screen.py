"""The screen of all batches."""

import os
from pathlib import Path

import pytest

from db.rows import LaneRow
from db.writes import engines as engine_writes
from tests.tui.support import Place, running, seen, shows, until
from tui.screens.batch import BatchScreen
from tui.workspaces import shown_root


async def test_it_shows_state_progress_failures_and_best(place: Place) -> None:
    batch = place.batch("evening", ["one", "two", "three"])
    ids = place.job_ids(batch)
    place.claim(3)
    place.turn(ids[0], 1, 81.5)
    place.end(ids[0], 81.5)
    place.fail(ids[1], "The image is empty.")
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "▸", "b1 evening", "1/3", "81.5", "running")


async def test_it_follows_what_is_committed(place: Place) -> None:
    place.batch("first", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "first", "0/1")
        place.claim(1)
        place.end(place.job_ids(1)[0])
        await shows(pilot, "1/1")
        place.batch("second", ["one"])
        await shows(pilot, "b2 second")


async def test_an_empty_workspace_says_what_to_do(tmp_path) -> None:
    from tui.app import Dashboard

    async with running(Dashboard(tmp_path)) as pilot:
        await shows(pilot, "Nothing has been queued", "n      type a prompt")
    assert list(tmp_path.iterdir()) == []


async def test_parked_jobs_are_a_banner_that_says_what_to_do(place: Place) -> None:
    batch = place.batch("parked", ["one"])
    place.claim(1)
    place.park(place.job_ids(batch)[0], "key", "OPENAI_API_KEY is not set.")
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "1 parked (key)", "OPENAI_API_KEY is not set.", "Put the key into .env")


async def test_enter_opens_and_escape_comes_back(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "evening")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, BatchScreen))
        await shows(pilot, "b1 evening", "one", "queued")
        await pilot.press("escape")
        await shows(pilot, "progress")


async def test_the_filter_narrows_by_word_state_and_inverse(place: Place) -> None:
    for name in ("apples", "pears", "plums"):
        place.batch(name, ["one"])
    place.claim(1)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "apples", "pears", "plums")
        rows = pilot.app.screen.rows
        await pilot.press("slash", *"pl", "enter")
        await until(pilot, lambda: rows.total == 2)
        await pilot.press("slash", "end", *" !apples")  # without `end` it is typed over
        await until(pilot, lambda: rows.total == 1)
        await pilot.press("escape")
        await until(pilot, lambda: rows.total == 3)
        await pilot.press("slash", *"state:running", "enter")
        await until(pilot, lambda: rows.total == 1)


async def test_the_filter_is_remembered(place: Place) -> None:
    place.batch("apples", ["one"])
    place.batch("pears", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "apples")
        await pilot.press("slash", *"pears", "enter")
        await until(pilot, lambda: pilot.app.screen.rows.total == 1)
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "b2 pears")
        assert pilot.app.screen.rows.total == 1


async def test_the_engine_is_named_with_its_pid(place: Place) -> None:
    from engine.runtime.lock import EngineLock

    place.batch("evening", ["one"])
    with EngineLock(place.paths.lock):
        place.engine_row(os.getpid())
        async with running(place.dashboard()) as pilot:
            await shows(pilot, "▸ engine", str(os.getpid()))
            await pilot.press("q")
        assert "keeps running without the dashboard" in (pilot.app.return_value or "")


async def test_an_engine_that_was_killed_is_said_to_be_lost(place: Place) -> None:
    place.batch("evening", ["one"])
    place.engine_row(999_999)
    place.write(lambda c: engine_writes.report_lanes(c, [busy_lane()]))
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "engine was lost · E starts one", "The next one continues.")
        await shows(pilot, "· builtin 0/2")
        assert "999999" not in seen(pilot.app)
        assert "wait" not in seen(pilot.app)


def busy_lane() -> LaneRow:
    return LaneRow("builtin", "open", None, None, 2, 2, None, 2, 6, "")


async def test_marks_are_counted_as_targets(place: Place) -> None:
    for name in ("a", "b", "c", "d"):
        place.batch(name, ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total == 4)
        screen = pilot.app.screen
        await pilot.press("space")
        assert screen.rows.marks == {4}
        await pilot.press("j", "V")
        assert screen.rows.marks == {4, 3, 2}
        await pilot.press("u")
        assert not screen.rows.marks
        await pilot.press("asterisk")
        assert screen.targets()[0] == [{"batch": n} for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("root", "home", "crumb"),
    [
        ("/home/ann/film", "/home/ann", "~/film"),
        ("/home/ann", "/home/ann", "~"),
        ("/home/annabel/film", "/home/ann", "/home/annabel/film"),
        ("/data/root/film", "/root", "/data/root/film"),
        ("/work/film", "/", "/work/film"),
    ],
)
def test_a_folder_below_ones_own_is_shown_short(
    root: str, home: str, crumb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", home)
    assert shown_root(Path(root)) == crumb
