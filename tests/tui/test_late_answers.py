"""Screens that open after a read: not once the operator has gone on to something else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import MouseDown
from textual.pilot import Pilot
from textual.screen import ModalScreen

from db.queries.inspect import LaterSteps
from engine.client.workspace import Workspace
from tests.tui.settling import Gate
from tests.tui.support import Place, running, seen, shows, until
from tui import navigating_app
from tui.feed import Feed

OPENED = {
    ("batches", "v"): "text",
    ("batches", "equals_sign"): "compare",
    ("batches", "dollar_sign"): "",
    ("batches", "Y"): "",
    ("batches", "F"): "",
    ("batches", "D"): "",
    ("batch", "v"): "text",
    ("batch", "equals_sign"): "compare",
    ("batch", "dollar_sign"): "",
    ("batch", "Y"): "",
    ("batch", "F"): "",
    ("job", "v"): "text",
    ("job", "equals_sign"): "compare",
    ("job", "dollar_sign"): "",
    ("job", "Y"): "",
    ("job", "m"): "",
    ("compare", "v"): "text",
    ("compare", "Y"): "",
}
"""Kinds of the screens that keys open, by the screen below; dialogs have none."""


class Held:
    """Questions to the store that are answered once they are let go."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._asked: list[Callable[[], None]] = []
        self._patch = patch

    def hold(self) -> None:
        ask = Feed.ask
        self._patch.setattr(
            Feed, "ask", lambda *question: self._asked.append(lambda: ask(*question))
        )

    async def press(self, pilot: Pilot[Any], key: str) -> None:
        """Press a key that asks, and wait until it has."""
        before = len(self._asked)
        await pilot.press(key)
        await until(pilot, lambda: len(self._asked) > before, "a question")

    def let_go(self) -> int:
        """Have them answered; return their number."""
        asked, self._asked = self._asked, []
        for ask in asked:
            ask()
        return len(asked)


async def press_later(pilot: Pilot[Any], key: str) -> None:
    """Press a key that comes later than a question, and wait until it was taken."""
    app: Any = pilot.app
    before = app._presses
    await pilot.press(key)
    await until(pilot, lambda: app._presses > before, "a key")


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    return Held(monkeypatch)


@pytest.fixture
def busy(place: Place) -> Place:
    """Two batches with results, and with failures."""
    for name in ("morning", "evening"):
        one, two, three = place.job_ids(place.batch(name, ["one", "two", "three"]))
        place.claim(3)
        for number, job in enumerate((one, two), 1):
            place.turn(job, 1, 20.0 * number, prompt="a lit lamp")
            place.turn(job, 2, 30.0 * number)
            place.end(job, 30.0 * number)
        place.fail(three, "The provider refused it.")
    return place


async def at(pilot: Pilot[Any], where: str) -> None:
    """Go to a screen."""
    app: Any = pilot.app
    await until(pilot, lambda: app.screen.rows.current)
    for here, key in (("batch", "enter"), ("job", "enter"), ("compare", "equals_sign")):
        if where == app.screen.WHERE:
            break
        if here == "job":
            await pilot.press("j")  # a job with results
        await pilot.press(key)
        await until(pilot, lambda here=here: here == app.screen.WHERE)
        ready = "sides" if here == "compare" else "_snapshot"
        await until(pilot, lambda ready=ready: getattr(app.screen, ready))
    await until(pilot, lambda: app.screen.subject() is not None)
    if where == "job":  # a part of it
        await pilot.press("l", "h")
        await until(pilot, lambda: app.screen.subject().node)


@pytest.mark.parametrize(("where", "key"), OPENED)
async def test_what_was_asked_for_opens_unless_a_key_comes_first(
    busy: Place, held: Held, where: str, key: str
) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        await at(pilot, where)
        stack = list(pilot.app.screen_stack)
        held.hold()
        await held.press(pilot, key)
        await press_later(pilot, "f9")  # a key that does nothing
        assert held.let_go() == 1
        await pilot.pause()
        assert pilot.app.screen_stack == stack
        await held.press(pilot, key)
        assert held.let_go() == 1
        await until(pilot, lambda: len(pilot.app.screen_stack) == len(stack) + 1)
        assert getattr(pilot.app.screen, "WHERE", "") == OPENED[where, key]


@pytest.mark.parametrize("later", ["escape", "3", "question_mark"])
@pytest.mark.parametrize(("where", "key"), [("batch", "v"), ("job", "equals_sign")])
async def test_what_was_left_or_covered_stays_so(
    busy: Place, held: Held, where: str, key: str, later: str
) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        await at(pilot, where)
        stack = list(pilot.app.screen_stack)
        held.hold()
        await held.press(pilot, key)
        await press_later(pilot, later)
        if later != "3":  # another view of the same screen
            await until(pilot, lambda: pilot.app.screen_stack != stack)
        stack = list(pilot.app.screen_stack)
        assert held.let_go() == 1
        await pilot.pause()
        assert pilot.app.screen_stack == stack


async def test_a_screen_that_opens_by_itself_is_not_covered(busy: Place, held: Held) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "batch")
        held.hold()
        await pilot.press("v")
        app.show_text("engine", "a log")
        await shows(pilot, "a log")
        held.let_go()
        await pilot.pause()
        assert [getattr(one, "WHERE", "") for one in app.screen_stack] == [
            "batches",
            "batch",
            "text",
        ]
        assert "a log" in seen(app)


async def test_a_click_is_as_good_as_a_key(busy: Place, held: Held) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        await at(pilot, "batch")
        held.hold()
        await pilot.press("v")
        click = MouseDown(None, 5, 2, 0, 0, 1, shift=False, meta=False, ctrl=False)
        await pilot.app.on_event(click)  # as the terminal's; a pilot's reach the screen alone
        stack = list(pilot.app.screen_stack)
        held.let_go()
        await pilot.pause()
        assert pilot.app.screen_stack == stack


async def test_marks_come_whatever_is_pressed_meanwhile(busy: Place, held: Held) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "batch")
        held.hold()
        await pilot.press("asterisk", "j")
        held.let_go()
        await until(pilot, lambda: len(app.screen.rows.marks) == 3)


async def test_what_was_chosen_is_not_asked_about_on_another_screen(busy: Place) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "job")
        job, answers = app.screen, list[str]()
        await pilot.press("escape")
        await until(pilot, lambda: app.screen.WHERE == "batch")
        job.confirm("Choose iteration 1?", lambda: answers.append("yes"))
        await shows(pilot, "Nothing was done", "Choose iteration 1?")
        await pilot.press("y")
        assert app.screen.WHERE == "batch"
        assert answers == []


@pytest.mark.parametrize("steps", [0, 3])
async def test_a_decision_is_about_the_job_that_was_shown(
    busy: Place, held: Held, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """One that runs nothing again is not asked about, and so is not lost."""
    following = LaterSteps(steps, 0), ""
    monkeypatch.setattr("tui.screens.deciding.following_of", lambda *_, **__: following)
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "job")
        first = app.screen.job_id
        held.hold()
        app.screen.ask_first("Decide it?", "style", "plain")
        await pilot.press("K")
        await until(pilot, lambda: app.screen.job_id != first)
        assert held.let_go() >= 1
        commands = "SELECT targets FROM commands"
        if steps:
            await shows(pilot, f"j{first}: Decide it?", "Nothing was done")
            assert app.screen.WHERE == "job"
        else:
            await until(pilot, lambda: busy.read(commands), "the command")
        targets = [json.loads(*row) for row in busy.read(commands)]
        assert targets == ([] if steps else [[{"job": first}]])


async def held_back(
    pilot: Pilot[Any], patch: pytest.MonkeyPatch, owner: Any, name: str, *keys: str
) -> Gate:
    """Press keys whose read waits in a thread."""
    gate, read = Gate(), getattr(owner, name)

    def wait(*arguments: Any) -> Any:
        gate.wait()
        return read(*arguments)

    patch.setattr(owner, name, wait)
    await pilot.press(*keys)
    await until(pilot, gate.is_reached.is_set)
    return gate


class Form(ModalScreen[int]):
    """In place of the form that queues a batch."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


@pytest.mark.parametrize("later", ["", "j"])
async def test_a_form_to_queue_again_does_not_open_after_a_later_key(
    busy: Place, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    monkeypatch.setattr("tui.screens.new_batch.NewBatchScreen", Form)
    monkeypatch.setattr(Workspace, "read_again", lambda *_: None)
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "batch")
        gate = await held_back(pilot, monkeypatch, Workspace, "read_again", "a")
        await pilot.press(*([later] if later else []))
        gate.open()
        await pilot.pause()
        assert isinstance(app.screen, Form) is not bool(later)


@pytest.mark.parametrize("later", ["", "enter"])
async def test_a_place_is_not_gone_to_after_a_later_key(
    busy: Place, monkeypatch: pytest.MonkeyPatch, later: str
) -> None:
    async with running(busy.dashboard(), (100, 30)) as pilot:
        app: Any = pilot.app
        await at(pilot, "batches")
        gate = await held_back(
            pilot, monkeypatch, navigating_app, "complete", "colon", *"j4", "enter"
        )
        await until(pilot, lambda: app.screen.WHERE == "batches")
        await pilot.press(*([later] if later else []))
        gate.open()
        await pilot.pause()
        await until(pilot, lambda: ("batch" if later else "job") == app.screen.WHERE)
