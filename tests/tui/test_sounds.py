"""Takes of a sound effect in the dashboard: side by side, heard in turn, and chosen."""

import json
from typing import Any

import pytest

from engine.client.views import recipe_info
from engine.client.views.decisions import DecisionLine, key_to_select, picked
from engine.client.views.recipe_info import RecipeInfo
from engine.recipes.sound_effect import PAGE
from tests.support import media_files as media
from tests.support.effort import cases
from tests.support.optional import needs
from tests.support.programs import FakePrograms, is_alive
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_comparing import at_the_job, comparing
from tests.tui.test_kinds_on_screen import keep
from tests.tui.test_opening import programs
from tui.screens.confirm import ConfirmScreen
from tui.widgets.page import ExhibitView

needs("soundfile", "scipy")

__all__ = ["programs"]

TAKES = (("select", "iteration-*/take-*"),)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe of sound effects."""
    info = RecipeInfo(decisions=("select",), page=PAGE, choices=TAKES)
    monkeypatch.setattr(recipe_info, "_load", lambda recipe: info)


@pytest.fixture
def job(place: Place) -> int:
    """A job with four takes."""
    (number,) = place.job_ids(place.batch("sounds", ["boots"]))
    place.claim(1)
    for take in (1, 2, 3, 4):
        keep(place, number, f"iteration-1/take-{take}", media.wav(1 + 0.2 * take, channels=2))
    place.end(number)
    return number


def _heard(programs: FakePrograms) -> list[str]:
    """Take of each sound that was played, and the second at which it started."""
    calls = [call["arguments"] for call in programs.calls]
    starts = [[a for a in call if a.startswith("--start=")] for call in calls]
    takes = [call[-1].partition("take-")[2][:1] for call in calls]
    return [f"{take}{' on' if start else ''}" for take, start in zip(takes, starts, strict=True)]


@cases("size, across", [((80, 24), 2), ((200, 50), 4)], usual=1)
async def test_takes_are_side_by_side_where_there_is_room(
    place: Place, job: int, size: tuple[int, int], across: int
) -> None:
    async with running(place.dashboard(), size) as pilot:
        await at_the_job(pilot)
        await shows(pilot, "takes", "take 1", "faults")
        await until(pilot, lambda: len(pilot.app.screen.query(ExhibitView)) == 4)

        def columns() -> set[int]:
            return {view.region.x for view in pilot.app.screen.query(ExhibitView)}

        await until(pilot, lambda: len(columns()) == across)
        await until(pilot, lambda: "iteration 1/take" not in seen(pilot.app))


async def test_takes_are_compared_from_the_root_and_one_is_chosen(place: Place, job: int) -> None:
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await shows(pilot, "take 3", "take 4", "LUFS", "phase")
        await pilot.press("tab", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await shows(pilot, "Choose take 3?")
        await pilot.press("y")
        await until(pilot, lambda: _decisions(place) == [("select", 3)])
        await shows(pilot, "Decided select")


async def test_the_other_side_is_heard_from_the_same_moment(
    place: Place, job: int, programs: FakePrograms
) -> None:
    programs.add("mpv", seconds=60)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await at_the_job(pilot)
        await comparing(pilot)
        await pilot.press("tab")
        await pilot.press("tab")  # nothing is heard yet
        assert programs.calls == []
        await pilot.press("o")
        await until(pilot, lambda: _heard(programs) == ["4"])
        await until(pilot, lambda: pilot.app.playing)
        await pilot.press("tab")
        await until(pilot, lambda: _heard(programs) == ["4", "3 on"])
        await pilot.press("l")
        await until(pilot, lambda: _heard(programs) == ["4", "3 on", "1 on"])
        await until(pilot, lambda: not is_alive(programs.calls[1]["pid"]))
        await pilot.press("O")
        await shows(pilot, "Stopped.")
    assert not any(is_alive(call["pid"]) for call in programs.calls)


def _decisions(place: Place) -> list[tuple[str, Any]]:
    return [(k, json.loads(v)) for k, v in place.read("SELECT key, value FROM decisions")]


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("iteration-2/take-7", ("select", 7)),
        ("iteration-2", None),
        ("iteration-2/take-x", None),
        ("a/iteration-2/take-7", None),
    ],
)
def test_a_decision_can_be_about_scopes_that_are_not_beside_it(
    scope: str, key: tuple[str, int] | None
) -> None:
    assert key_to_select(scope, ("select",), TAKES) == key


def test_the_chosen_one_of_them_is_known() -> None:
    scopes = ["iteration-1", "iteration-2", "iteration-1/take-2", "iteration-2/take-3"]
    decided = [DecisionLine("select", "2", "somebody", "")]
    assert picked(scopes, decided, TAKES) == {"iteration-1/take-2"}
    assert picked(scopes, decided) == {"iteration-2"}
