"""The footer has what can be done, in any width; the help begins with it."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.effort import cases
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_batch_screen import open_batch, scored  # noqa: F401 - a fixture
from tui.actions.action import Action
from tui.actions.by_state import BY_STATE, WITHOUT_A_ROW, footer_actions
from tui.app import Dashboard
from tui.screens.help import HelpScreen
from tui.widgets.bars import KeyBar

STATES = (*BY_STATE, *WITHOUT_A_ROW, "")
SCREENS = ("batches", "batch", "job", "queue", "activity", "search", "compare")


def footer(pilot: Any) -> str:
    return " ".join(pilot.app.screen.query_one(KeyBar).render().plain.split())


@pytest.mark.parametrize("where", SCREENS)
@pytest.mark.parametrize("state", STATES)
def test_no_two_actions_of_a_footer_have_the_same_title(where: str, state: str) -> None:
    actions: list[Action] = list(footer_actions(where, state))
    titles = [action.title for action in actions]
    assert len(set(titles)) == len(titles)
    assert titles[-2:] == ["Help", "Quit"]


@cases("width", [80, 100, 140, 200], usual=1)
async def test_a_done_job_can_be_viewed_compared_and_the_list_sorted(
    scored: Place,  # noqa: F811
    width: int,
) -> None:
    async with running(scored.dashboard(), (width, 30)) as pilot:
        await open_batch(pilot)
        begin = "enter Open esc Back o View = Compare s Sort C With best "
        await until(pilot, lambda: footer(pilot).startswith(begin))
        await until(pilot, lambda: footer(pilot).endswith("? Help q Quit"))
        await pilot.press("j", "j")
        begin = "enter Open esc Back t Retry v Why a Again / Filter s Sort "
        await until(pilot, lambda: footer(pilot).startswith(begin))


async def test_one_row_is_neither_compared_nor_sorted(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: "p Pause" in footer(pilot))
        assert "Compare" not in footer(pilot)
        assert "Sort" not in footer(pilot)


async def test_where_nothing_matches_the_filter_is_all_that_there_is_to_do(place: Place) -> None:
    place.batch("evening", ["one"])
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "b1 evening")
        await pilot.press("slash", *"zz", "enter")
        await until(
            pilot, lambda: footer(pilot) == "esc Clear filter / Filter f Faults ? Help q Quit"
        )
        await pilot.press("escape")
        await until(pilot, lambda: "p Pause" in footer(pilot))


async def test_without_a_workspace_each_footer_has_only_what_can_be_done(tmp_path: Path) -> None:
    async with running(Dashboard(tmp_path), (80, 24)) as pilot:
        begin = "enter Paint the demo n New batch T Theme ? Help q Quit"
        await until(pilot, lambda: footer(pilot) == begin)
        await pilot.press("3")
        await until(pilot, lambda: footer(pilot) == "esc Back ? Help q Quit")
        await pilot.press("4")
        await until(pilot, lambda: footer(pilot) == "esc Back tab Next tab ? Help q Quit")
        pilot.app.search("fox")
        await shows(pilot, "Nothing has been queued")
        await until(pilot, lambda: footer(pilot) == "esc Back / Search ? Help q Quit")


async def test_an_empty_queue_says_so(scored: Place) -> None:  # noqa: F811
    job = scored.job_ids(1)[3]
    scored.claim(1)
    scored.end(job)
    async with running(scored.dashboard(), (80, 24)) as pilot:
        await pilot.press("3")
        await shows(pilot, "nothing runs", "nothing is queued")
        await until(pilot, lambda: footer(pilot) == "esc Back ? Help q Quit")
        await pilot.press("A")
        await shows(pilot, "Nothing waits for approval.", "names a gate")


async def test_help_begins_with_what_fits_the_row_and_ends_with_what_every_screen_has(
    scored: Place,  # noqa: F811
) -> None:
    async with running(scored.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)
        await until(pilot, lambda: "o View" in footer(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await shows(pilot, "Here", "open_file", "compare", "sort_menu", "○ cancelled")
        assert "pause" not in seen(pilot.app).replace("paused", "")
        groups = list(pilot.app.screen._groups)
        assert groups[0] == "Here"
        assert groups[-1] == "Everywhere"
        listed = [action.id for actions in pilot.app.screen._groups.values() for action in actions]
        assert len(set(listed)) == len(listed)
