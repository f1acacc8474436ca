"""All that waits for approval, over all batches, from the queue."""

import json
from typing import Any

from db.writes.gates import open_gate
from tests.tui.support import Place, running, seen, shows, until
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
        await shows(pilot, "b1 songs › j1 lamp", "j3 cup", "title  lamps")
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
        await shows(pilot, "j1 lamp", "title  lamps", "verses  a lamp, evil")
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


async def test_a_value_is_shown_by_the_kinds_of_its_files_and_a_batch_answers_its_own(
    place: Place,
) -> None:
    waits(place)
    image = place.image((200, 20, 20))
    value = {
        "keyframes": [
            {
                "key": "a",
                "prompt": "a red lamp",
                "image": {"hash": image, "media_type": "image/png"},
            },
            {"key": "b", "prompt": "\x1b[2Jboo", "image": None, "kept": True, "share": 0.25},
        ]
    }

    def wait(connection: Any) -> None:
        sql = """INSERT INTO artifacts (batch_id, job_id, role, hash, kind, media_type, size, width,
                   height, facts, created_at)
                 VALUES (1, 1, 'image', ?, 'image', 'image/png', 9, 16, 12, '{}', '2026')"""
        connection.execute(sql, (image,))
        intent = place._intent(connection, 1, "before", "sheet")
        request = json.dumps({"value": value})
        open_gate(
            connection,
            intent._replace(job_id=None, operation="approve", backend="operator", request=request),
        )

    place.write(wait)
    async with running(place.dashboard(), (120, 50)) as pilot:
        await shows(pilot, "b1 songs")
        await pilot.press("3")
        await until(pilot, lambda: pilot.app.screen.WHERE == "queue")
        await pilot.press("A")
        await shows(pilot, "b1 songs the whole batch  before/sheet", "j1 lamp")
        await pilot.press("j")
        await shows(pilot, "prompt  a red lamp", "prompt  boo", "kept  yes", "share  0.25", "▀")
        await pilot.press("A")
        sql = "SELECT state FROM steps WHERE key = 'before/sheet'"
        await until(pilot, lambda: place.read(sql) == [("done",)])


async def test_a_batch_that_waits_itself_is_approved_on_its_own_screen(place: Place) -> None:
    place.batch("songs", ["one", "two"])

    def wait(connection: Any) -> None:
        intent = place._intent(connection, 1, "before", "sheet")
        request = json.dumps({"value": {"title": "lamps"}})
        intent = intent._replace(job_id=None, operation="approve", backend="operator")
        open_gate(connection, intent._replace(request=request))

    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "b1 songs")
        await pilot.press("enter")
        await shows(pilot, "one", "two", "Pause")
        assert "Approve batch" not in seen(pilot.app)
        place.write(wait)
        await shows(pilot, "A Approve batch")
        await pilot.press("A")
        await shows(pilot, '"title": "lamps"', "A  approve")
        await pilot.press("A")
        sql = "SELECT state FROM steps WHERE key = 'before/sheet'"
        await until(pilot, lambda: place.read(sql) == [("done",)])
        await until(pilot, lambda: "Approve batch" not in seen(pilot.app))
