"""The operator's hand: the engine's menu, pausing everything, undoing, branching."""

from typing import Any

import pytest

from db.queries.controls import is_paused
from engine.text.errors import UserError
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_job_screen import open_job
from tui.screens.branch import settings_of
from tui.screens.menu import MenuScreen
from tui.screens.menus import verbs_for
from tui.screens.undo import UndoScreen
from tui.snapshots.header import EngineState, Header


def paused(place: Place) -> bool:
    connection = place.store.reader()
    try:
        return is_paused(connection)
    finally:
        connection.close()


def test_the_menu_has_what_applies_to_the_engine() -> None:
    assert verbs_for(Header()) == ("start", "pause_all")
    runs = Header(engine=EngineState("running", 7))
    assert verbs_for(runs) == ("drain", "stop", "restart", "pause_all")
    drains = Header(engine=EngineState("draining", 7), paused=True)
    assert verbs_for(drains) == ("stop", "restart", "resume_all")


async def test_everything_is_paused_by_one_key_and_the_top_line_shows_it(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard(), (140, 30)) as pilot:
        await shows(pilot, "b1 evening")
        await pilot.press("P")
        await shows(pilot, "‖ everything is paused", "Paused everything; no job ran.")
        await shows(pilot, "P resumes everything.")
        assert paused(place)
        await pilot.press("P")
        await until(pilot, lambda: "everything is paused" not in seen(pilot.app))
        assert not paused(place)


async def test_nothing_is_paused_where_nothing_was_queued(place: Place) -> None:
    async with running(place.dashboard(), (140, 30)) as pilot:
        await shows(pilot, "Welcome to Safelight")
        await pilot.press("P")
        await shows(pilot, "There is nothing to pause")
        await pilot.press("E")
        await shows(pilot, "Pause everything: no batch")
        await pilot.press("j", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, MenuScreen))
    assert not paused(place)


async def test_only_what_waits_is_cancelled_after_asking(place: Place) -> None:
    place.batch("evening", ["one", "two"])
    place.claim(1)
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "b1 evening")
        await pilot.press("X")
        await shows(pilot, "Cancel waiting b1? End jobs that wait; running ones")
        await pilot.press("y")
        await until(pilot, lambda: ("cancelled",) in place.read("SELECT state FROM jobs"))
    assert place.read("SELECT state FROM jobs ORDER BY id") == [("running",), ("cancelled",)]


async def test_a_decision_is_looked_at_and_undone(place: Place) -> None:
    from db.writes.commands import add_decision

    [job] = place.job_ids(place.batch("evening", ["one"]))
    place.claim(1)
    place.turn(job, 1, 40.0, prompt="a lamp")
    place.write(lambda c: add_decision(c, job, "select", 1, "operator"))
    place.end(job, 40.0)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "b1 evening")
        await open_job(pilot)
        await pilot.press("U")
        await until(pilot, lambda: isinstance(pilot.app.screen, UndoScreen))
        await shows(pilot, "Undo select", "[-1-] [+the recipe's own choice+]")
        await pilot.press("y")
        await until(pilot, lambda: place.read("SELECT undone_at FROM decisions")[0][0])
        await pilot.press("U")
        await shows(pilot, "This job has no decision to undo.")


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("", {}),
        ("seed=7 width=512", {"seed": 7, "width": 512}),
        ("mood='very calm'", {"mood": "very calm"}),
    ],
)
def test_settings_of_a_line(line: str, settings: dict[str, Any]) -> None:
    assert settings_of(line) == settings


@pytest.mark.parametrize("line", ["seed", "=7", "mood='open"])
def test_what_is_no_setting_is_refused(line: str) -> None:
    with pytest.raises(UserError):
        settings_of(line)
