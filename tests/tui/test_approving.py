"""A gate, from a job's screen: look, approve, edit, reject."""

import json
from functools import partial
from typing import Any

from textual.widgets import TextArea

from db.writes.gates import open_gate
from engine.client.views.approval_form import text_fields, with_texts
from tests.tui.support import Place, running, shows, until
from tests.tui.test_job_screen import open_job
from tui.screens.approve import ApproveScreen

PLAN = {"title": "lamps", "verses": ["a lamp", "evil \x1b[31m\u202e"]}


def waits(place: Place, *keys: str) -> None:
    """A batch whose jobs wait for approval of a plan."""
    jobs = place.job_ids(place.batch("songs", keys or ["lamp"]))
    place.claim(len(jobs))
    for job in jobs:
        place.step(job, "", "title")
        place.write(partial(wait_with_a_plan, place, job))
        place.park(job, "approval", "plan waits for approval.")


def wait_with_a_plan(place: Place, job: int, connection: Any) -> None:
    intent = place._intent(connection, job, "", "plan")
    request = json.dumps({"value": PLAN})
    open_gate(connection, intent._replace(operation="approve", backend="operator", request=request))


def decisions(place: Place) -> list[tuple[str, Any]]:
    return [(k, json.loads(v)) for k, v in place.read("SELECT key, value FROM decisions")]


async def look(pilot) -> TextArea:
    await shows(pilot, "1 parked (approval)", "press A")
    await open_job(pilot)
    await shows(pilot, "◆ parked (approval)", '"title": "lamps"')
    await pilot.press("A")
    await until(pilot, lambda: isinstance(pilot.app.screen, ApproveScreen))
    return pilot.app.screen.query_one("#json", TextArea)


async def test_a_gate_is_looked_at_and_approved(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        area = await look(pilot)
        await shows(pilot, "plan", '"title": "lamps"', "A  approve")
        assert area.text == json.dumps(PLAN, indent=2)
        assert "\x1b" not in area.text
        await pilot.press("q", "z")
        assert area.text == json.dumps(PLAN, indent=2)
        await pilot.press("A")
        await until(pilot, lambda: decisions(place))
        await shows(pilot, "Approved plan of j1 (lamp).")
    assert decisions(place) == [("plan", {"approved": True, "edited": False})]
    assert place.read("SELECT state FROM jobs") == [("queued",)]


async def test_a_plan_is_edited_before_it_is_approved(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        area = await look(pilot)
        await pilot.press("J")
        area.text = "{"
        await pilot.press("ctrl+s")
        await shows(pilot, "This is not JSON: Expecting property name")
        area.text = '{"title": "mine", "verses": []}'
        await pilot.press("ctrl+s")
        await until(pilot, lambda: decisions(place))
    [(state, result)] = place.read("SELECT state, result FROM steps WHERE key = 'plan'")
    assert (state, json.loads(result)["value"]) == ("done", {"title": "mine", "verses": []})


async def test_a_plan_is_rejected_or_left(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await look(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        assert decisions(place) == []
        await pilot.press("A")
        await until(pilot, lambda: isinstance(pilot.app.screen, ApproveScreen))
        await pilot.press("x")
        await until(pilot, lambda: decisions(place))
    assert decisions(place)[0][1]["approved"] is False
    assert place.read("SELECT state FROM steps WHERE key = 'plan'") == [("failed",)]


async def test_a_whole_batch_is_approved_after_a_question(place: Place) -> None:
    waits(place, "lamp", "moth")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "2 parked (approval)")
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("A")
        await shows(pilot, "Approve all that b1 waits with, unseen and unedited:", "(2)?")
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        assert decisions(place) == []
        await pilot.press("A")
        await shows(pilot, "Approve all")
        await pilot.press("y")
        await until(pilot, lambda: len(decisions(place)) == 2)
    assert place.read("SELECT DISTINCT state FROM jobs") == [("queued",)]


async def test_the_marked_jobs_are_approved(place: Place) -> None:
    waits(place, "lamp", "moth", "owl")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await shows(pilot, "3 parked (approval)")
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await until(pilot, lambda: pilot.app.screen.rows.total == 3)
        await pilot.press("space", "space", "A")
        await shows(pilot, "Approve all that 2 jobs wait with", "(2)?")
        await pilot.press("y")
        await until(pilot, lambda: len(decisions(place)) == 2)


async def test_a_batch_without_a_gate_says_so(place: Place) -> None:
    place.batch("songs", ["lamp"])
    async with running(place.dashboard(), (120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("A")
        await shows(pilot, "Nothing of b1 waits for approval.")


async def test_a_job_without_a_gate_says_so(place: Place) -> None:
    place.batch("songs", ["lamp"])
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("A")
        await shows(pilot, "This job is not waiting for approval.")


async def test_the_texts_of_a_plan_are_edited_in_a_form(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await look(pilot)
        await pilot.press("e")
        await shows(pilot, "title", "verses 2", "^t  JSON")
        await pilot.press("home", *"new ", "tab", "end", "!")
        await pilot.press("ctrl+t")
        await shows(pilot, '"title": "new lamps"')
        await pilot.press("ctrl+s")
        await until(pilot, lambda: decisions(place))
    [(result,)] = place.read("SELECT result FROM steps WHERE key = 'plan'")
    assert json.loads(result)["value"] == {
        "title": "new lamps",
        "verses": ["a lamp!", PLAN["verses"][1]],
    }


async def test_a_form_that_nobody_changed_approves_the_value_as_it_is(place: Place) -> None:
    waits(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await look(pilot)
        await pilot.press("e", "tab", "ctrl+s")
        await until(pilot, lambda: decisions(place))
    assert decisions(place) == [("plan", {"approved": True, "edited": False})]


def test_a_form_has_the_texts_of_a_value_and_not_its_files() -> None:
    file = {"hash": "0" * 64, "media_type": "image/png"}
    value = {"scenes": [{"prompt": "a\tlamp\x1b", "image": file, "seconds": 2.5}], "title": ""}
    assert [(field.name, field.text) for field in text_fields(value)] == [
        ("scenes 1 › prompt", "a\tlamp"),
        ("title", ""),
    ]
    changed = with_texts(value, {("scenes", 0, "prompt"): "a\tlamp", ("title",): "x\x1b[1m"})
    assert changed == {"scenes": value["scenes"], "title": "x"}
    assert text_fields("one") and with_texts("one", {(): "two"}) == "two"
    assert text_fields(["x"] * 100) == ()
