"""Keys that cannot do anything say why; bugs of background work are a notice; nothing is blank."""

from pathlib import Path
from typing import Any

import pytest

from tests.tui.support import Place, running, seen, shows, until
from tui.app import Dashboard
from tui.bugs import MAX_LOG_BYTES, log_bug, log_file


@pytest.fixture
def evening(place: Place) -> Place:
    """Two jobs, the first with two iterations."""
    ids = place.job_ids(place.batch("evening", ["fox", "owl"]))
    place.claim(2)
    place.turn(ids[0], 1, 60)
    place.turn(ids[0], 2, 70)
    place.end(ids[0], 70)
    return place


async def at_the_job(pilot: Any) -> Any:
    await until(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)
    return pilot.app.screen


async def test_ends_and_limits_of_a_job_are_said(evening: Place) -> None:
    async with running(evening.dashboard(), (110, 40)) as pilot:
        job = await at_the_job(pilot)
        await until(pilot, lambda: len(job._snapshot.turns) == 2)
        await pilot.press("l", "l", "l")
        await shows(pilot, "This is the last one.")
        await pilot.press("h", "h")
        await shows(pilot, "This is the first one.")
        await pilot.press("i")
        await shows(pilot, "This job has no timeline")
        assert pilot.app.screen is job
        await pilot.press("underscore")
        await shows(pilot, "Only one panel is shown here.")
        await pilot.press("escape", *["underscore"] * 15)
        await shows(pilot, "as far as it goes")


async def test_a_part_without_parts_says_so(evening: Place) -> None:
    async with running(evening.dashboard(), (110, 40)) as pilot:
        job = await at_the_job(pilot)
        await until(pilot, lambda: len(job._snapshot.turns) == 2)
        await pilot.press("l")
        await until(pilot, lambda: job._snapshot.selected != 0)
        await pilot.press("enter")
        await shows(pilot, "There are no parts inside this one.")


async def test_limits_of_a_comparison_and_a_zoom_are_said(evening: Place) -> None:
    async with running(evening.dashboard(), (110, 40)) as pilot:
        await at_the_job(pilot)
        await pilot.press("equals_sign")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "compare" and pilot.app.screen.sides.shown
        )
        await pilot.press("plus")
        await shows(pilot, "All there are to compare")
        await pilot.press("minus")
        await shows(pilot, "A comparison has at least two sides")
        await pilot.press("z")
        await until(pilot, lambda: pilot.app.screen.WHERE == "zoom" and pilot.app.screen._candidate)
        await pilot.press("minus")
        await shows(pilot, "The whole is shown.")
        await pilot.press("h")
        await shows(pilot, "+ enlarges it")


@pytest.mark.slow
async def test_a_zoom_goes_through_the_whole_list_and_counts_it(place: Place) -> None:
    place.batch("long", [f"job-{number}" for number in range(120)])
    async with running(place.dashboard(), (100, 30)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        for _ in range(60):
            await pilot.press("j")
        await pilot.press("z")
        await shows(pilot, "61/120", "job-60")
        for number in range(62, 91):
            await pilot.press("n")
            await shows(pilot, f"{number}/120")
        await shows(pilot, "job-89")
        for number in range(89, 60, -1):
            await pilot.press("p")
            await shows(pilot, f"{number}/120")


async def test_the_queue_and_the_activity_of_no_workspace_are_not_blank(tmp_path: Path) -> None:
    async with running(Dashboard(tmp_path)) as pilot:
        await shows(pilot, "Welcome to Safelight")
        for key in ("3", "4"):
            await pilot.press(key)
            await shows(pilot, "Nothing has been queued in this workspace yet.")
        Place(tmp_path).batch("late", ["one"])
        await pilot.press("3")
        await shows(pilot, "late › one")


async def test_the_queue_shows_the_whole_reason_of_what_waits(place: Place) -> None:
    ids = place.job_ids(place.batch("evening", ["one"]))
    place.claim(1)
    place.park(
        ids[0], "key", "No key for openai, and the end of this sentence is far to the right."
    )
    async with running(place.dashboard(), (80, 24)) as pilot:
        await pilot.press("3")
        await shows(pilot, "far to the right.", "1 parked (key): No key for openai")
        assert seen(pilot.app).count("then resume.") == 1


async def test_a_bug_of_background_work_is_a_notice_and_in_the_log(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.batch("evening", ["one"])

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("\x1b[2Jboo")

    monkeypatch.setattr("tui.screens.commands.step_in", broken)
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "evening")
        await pilot.press("p")
        await shows(pilot, "A bug in the dashboard: ZeroDivisionError: boo")
        assert "in broken" in log_file().read_text()
        await pilot.press("p", "exclamation_mark")
        await shows(pilot, "dashboard.log")
        assert len(pilot.app.notices.problems) == 1


def test_the_log_of_bugs_is_bounded() -> None:
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().write_text("x" * (MAX_LOG_BYTES + 1))
    assert str(log_file()) in log_bug(ValueError("late"))
    assert len(log_file().read_text()) < 1000
