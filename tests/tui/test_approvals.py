"""All that waits for approval, over all batches, from the queue."""

import json

from tests.tui.support import Place, running, shows, until
from tests.tui.test_approving import PLAN, decisions, waits
from tui.screens.approvals import ApprovalsScreen


async def test_what_waits_in_all_batches_is_approved_and_rejected(place: Place) -> None:
    waits(place, "lamp", "rug", "cup")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "b1 songs")
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, ApprovalsScreen))
        await shows(pilot, "b1 songs › j1 lamp", "j3 cup", '"title": "lamps"')
        await pilot.press("x")
        await until(pilot, lambda: decisions(place))
        await until(pilot, lambda: len(pilot.app.screen._items) == 2)
        await pilot.press("asterisk", "A")
        await shows(pilot, "Approve 2 values, unedited?")
        await pilot.press("y")
        await until(pilot, lambda: len(decisions(place)) == 3)
        await shows(pilot, "Nothing waits for approval.")
    assert [value["approved"] for _, value in decisions(place)] == [False, True, True]


async def test_one_is_looked_at_and_left(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "b1 songs")
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
        await pilot.press("A")
        await shows(pilot, "j1 lamp", '"title": "lamps"')
        await pilot.press("e")
        await shows(pilot, "A  approve", json.dumps(PLAN["title"]))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
    assert decisions(place) == []


async def test_marks_are_signs_and_stay(place: Place) -> None:
    waits(place, "lamp", "rug", "cup")
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "b1 songs")
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
        await pilot.press("A")
        await shows(pilot, "j1 lamp", "j3 cup")
        await pilot.press("j", "space", "space")
        await shows(pilot, "  b1 songs › j1 lamp", "● b1 songs › j2 rug", "● b1 songs › j3 cup")
        pilot.app.screen._read()
        await pilot.pause()
        await shows(pilot, "● b1 songs › j2 rug")
        await pilot.press("A", "y")
        await until(pilot, lambda: len(decisions(place)) == 2)
        await shows(pilot, "  b1 songs › j1 lamp")
