"""What an operator decides about a job, from its screen."""

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.widgets import TextArea

from db.writes.commands import add_decision
from engine.client import consequences
from engine.client.views import recipe_info as headlines
from engine.client.views.decisions import key_of_prompt, key_to_select, texts_of
from engine.client.views.recipe_info import RecipeInfo
from tests.tui.storyboards import film
from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_job_screen import open_job
from tui.app import Dashboard
from tui.screens import commands
from tui.screens.confirm import ConfirmScreen
from tui.screens.edit_prompt import EditPromptScreen
from tui.screens.menu import MenuScreen
from tui.widgets.prose import ProseArea

FILM = ("scene-*/select", "scene-*/prompt")
LOOP = ("select", "iteration-*/prompt")


@pytest.fixture(autouse=True)
def asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe of the test's jobs asks for what those of films and loops ask for."""
    scale = replace(RecipeInfo(), decisions=(*FILM, *LOOP))
    monkeypatch.setattr(headlines, "_load", lambda name: scale)


@pytest.mark.parametrize(
    ("scope", "patterns", "found"),
    [
        ("iteration-2", LOOP, ("select", 2)),
        ("scene-1/variation-3", FILM, ("scene-1/select", 3)),
        ("scene-1", FILM, None),
        ("scene-1/variation-x", FILM, None),
        ("act-1/scene-1/variation-3", FILM, None),
        ("", LOOP, None),
    ],
)
def test_which_decision_takes_a_scope(scope: str, patterns: tuple[str, ...], found) -> None:
    assert key_to_select(scope, patterns) == found


@pytest.mark.parametrize(
    ("scope", "patterns", "found"),
    [
        ("iteration-2", LOOP, "iteration-2/prompt"),
        ("scene-1", FILM, "scene-1/prompt"),
        ("scene-1/variation-3", FILM, "scene-1/prompt"),
        ("scene-1/iteration-3", (*FILM, *LOOP), "scene-1/prompt"),
        ("", FILM, None),
        ("take-1", ("prompt",), "prompt"),
    ],
)
def test_which_decision_sets_the_prompt_of_a_scope(scope, patterns, found) -> None:
    assert key_of_prompt(scope, patterns) == found


def decisions(place: Place) -> list[tuple[str, object]]:
    return [(k, json.loads(v)) for k, v in place.read("SELECT key, value FROM decisions")]


async def test_another_image_is_taken_after_asking(place: Place) -> None:
    job = film(place)
    place.end(job, 55)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        screen = pilot.app.screen
        await pilot.press("k")
        await until(pilot, lambda: screen._snapshot.node.scope == "scene-1")
        await pilot.press(*["j"] * 9)
        await until(pilot, lambda: screen._snapshot.node.scope == "scene-1/variation-2")
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await shows(pilot, "Choose variation 2?", "at most 10")
        await pilot.press("n")
        assert decisions(place) == []
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: decisions(place) == [("scene-1/select", 2)])
        await shows(pilot, "Decided scene-1/select", "★ 45.0")
        assert "★ 55.0" not in seen(pilot.app)
    assert place.read("SELECT state FROM jobs") == [("queued",)]


@pytest.mark.slow
async def test_what_nobody_asks_for_is_not_decided(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headlines, "_load", lambda name: replace(RecipeInfo(), decisions=FILM))
    film(place)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("2")
        await pilot.press("c")
        await shows(pilot, "Choose one", "variation 4")
        await pilot.press("escape", "g", "c")
        await shows(pilot, "Select one of several results first")
        await pilot.press("e")
        await shows(pilot, "whose prompt can be edited")
    assert place.read("SELECT count(*) FROM commands") == [(0,)]


async def test_a_prompt_is_edited_in_full_and_cleaned(place: Place) -> None:
    job = place.job_ids(place.batch("lamps", ["lamp"], prompt="a lamp"))[0]
    place.claim(1)
    place.turn(job, 1, 40, prompt="a dim lamp")
    place.turn(job, 2, 50)
    place.end(job, 50)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        area = pilot.app.screen.query_one(TextArea)
        assert area.text == "a dim lamp"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        pilot.app.screen.query_one(TextArea).text = "a \x1b[31mlit\u202e lamp\nof brass\n"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await shows(pilot, "Decide iteration-2/prompt?", "2 steps")
        await pilot.press("y")
        await until(pilot, lambda: decisions(place))
    assert decisions(place) == [("iteration-2/prompt", "a lit lamp\nof brass")]


@pytest.fixture
def long(place: Place) -> str:
    """The prompt of a job, longer than what screens show of one; it is decided already."""
    text = "a lamp, " * 4000 + "and its end"
    job = place.job_ids(place.batch("lamps", ["lamp"], prompt="a lamp"))[0]
    place.claim(1)
    place.turn(job, 1, 40, prompt=text)
    place.end(job, 40)
    place.write(lambda c: add_decision(c, job, "iteration-1/prompt", text, "test"))
    return text


async def edit(pilot) -> ProseArea:
    await pilot.press("e")
    await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
    return pilot.app.screen.query_one(ProseArea)


async def test_a_long_prompt_is_edited_without_loss(place: Place, long: str) -> None:
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        area = await edit(pilot)
        assert area.value == long
        await pilot.press("!", "ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: len(decisions(place)) == 2)
    assert decisions(place)[-1] == ("iteration-1/prompt", f"!{long}")


async def test_a_prompt_too_long_for_the_screen_is_edited_in_the_operators_editor(
    place: Place, long: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho 'at the end' >> \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("VISUAL", str(editor))
    monkeypatch.setattr(Dashboard, "suspend", lambda self: nullcontext())
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        area = await edit(pilot)
        area.text = ""
        area.post_message(events.Paste("\x1b[2J" + "moths " * 40_000))
        await shows(pilot, "240,000 characters are too many to edit here", "moths moths")
        await pilot.press("x", "backspace")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: area.value.endswith("moths \nat the end"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: len(decisions(place)) == 2)
    assert decisions(place)[-1][1] == "moths " * 40_000 + "\nat the end"


async def test_a_text_that_is_not_decided_stays_in_its_editor(
    place: Place, long: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = ("j1 is cancelled.", True)
    monkeypatch.setattr(commands, "step_in", lambda *_: refusal)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        area = await edit(pilot)
        area.text = "a moth"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await shows(pilot, "✗ j1 is cancelled.")
        assert area.value == "a moth"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
    assert len(decisions(place)) == 1


async def test_a_refusal_is_said_below_the_lists_once_its_editor_was_left(
    place: Place, long: str
) -> None:
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await edit(pilot)
        editor = pilot.app.screen
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await until(pilot, lambda: not editor.is_attached)
        editor.answer("j1 is cancelled.", bad=True)
        await shows(pilot, "j1 is cancelled.")


async def test_a_prompt_that_stays_as_it_was_is_not_decided(place: Place) -> None:
    job = place.job_ids(place.batch("lamps", ["lamp"], prompt="a lamp"))[0]
    place.claim(1)
    place.turn(job, 1, 40)
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
    assert place.read("SELECT count(*) FROM commands") == [(0,)]


async def test_who_only_watches_decides_nothing(place: Place) -> None:
    film(place)
    async with running(place.dashboard(read_only=True), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("G", "k", "k", "k", "c", "e")
        await shows(pilot, "variation 4")
        assert pilot.app.screen.WHERE == "job"
        assert "Choose" not in seen(pilot.app).splitlines()[-1]
    assert place.read("SELECT count(*) FROM commands") == [(0,)]


def test_texts_of_a_part_are_those_of_its_nearest_scope() -> None:
    texts = (("section-*/prompt", "words"), ("section-*/palette", "colours"), ("note", ""))
    section = {"section-3/prompt": "words", "section-3/palette": "colours"}
    assert texts_of("section-3", texts) == section
    assert texts_of("section-3/image-1", texts) == section
    assert texts_of("film", texts) == {}
    assert texts_of("", texts) == {}


async def test_one_of_several_texts_is_picked_and_its_consequence_confirmed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (("iteration-*/prompt", "words"), ("iteration-*/palette", "colours as #RRGGBB"))
    scale = replace(RecipeInfo(), decisions=tuple(key for key, _ in texts), texts=texts)
    monkeypatch.setattr(headlines, "_load", lambda name: scale)
    monkeypatch.setattr(consequences, "consequence_of", lambda *_: "8 s are rendered again.")
    job = place.job_ids(place.batch("lamps", ["lamp"], prompt="a lamp"))[0]
    place.claim(1)
    place.turn(job, 1, 40, prompt="a dim lamp")
    async with running(place.dashboard(), (120, 40)) as pilot:
        await open_job(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))
        await shows(pilot, "palette", "colours as #RRGGBB")
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditPromptScreen))
        assert pilot.app.screen.query_one(TextArea).text == ""
        pilot.app.screen.query_one(TextArea).text = "#112233, #445566"
        await pilot.press("ctrl+s")
        await shows(pilot, "Decide iteration-1/palette?", "8 s are rendered again.")
        await pilot.press("y")
        await until(pilot, lambda: decisions(place))
    assert decisions(place) == [("iteration-1/palette", "#112233, #445566")]
