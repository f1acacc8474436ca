"""The form of a branch: prompts of any length, and mistakes beside what was typed."""

import pytest
from textual import events
from textual.widgets import Input

from engine.client.workspace import Workspace
from tests.tui.support import Place, running, shows, until
from tests.tui.test_job_screen import open_job
from tui.screens import branch as branch_module
from tui.screens.branch import BranchForm, BranchScreen
from tui.screens.confirm import ConfirmScreen
from tui.widgets.prose import ProseArea

LONG = "a lamp, " * 4000 + "and its end"


@pytest.fixture
def lamp(place: Place) -> Place:
    job = place.job_ids(place.batch("lamps", ["lamp"], prompt=LONG))[0]
    place.claim(1)
    place.turn(job, 1, 40, prompt=LONG)
    place.turn(job, 2, 40)
    return place


async def open_form(pilot) -> BranchScreen:
    await open_job(pilot)
    await pilot.press("b")
    await until(pilot, lambda: isinstance(pilot.app.screen, BranchScreen))
    await until(pilot, lambda: pilot.app.focused is pilot.app.screen.query_one(ProseArea))
    return pilot.app.screen


async def test_a_long_prompt_branches_without_loss(
    lamp: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms: list[BranchForm] = []

    def estimate(root, form: BranchForm) -> tuple[str, bool]:
        forms.append(form)
        return "No.", True

    monkeypatch.setattr(branch_module, "estimate_branch", estimate)
    async with running(lamp.dashboard(), (120, 40)) as pilot:
        form = await open_form(pilot)
        assert form.query_one(ProseArea).value == LONG
        await pilot.press("!", "ctrl+s")
        await shows(pilot, "✗ No.")
    assert [form.prompt for form in forms] == [f"!{LONG}"]


async def test_a_mistake_stays_beside_what_was_typed(
    lamp: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    branches: list[str] = []
    monkeypatch.setattr(branch_module, "estimate_branch", lambda root, form: ("One step.", False))
    monkeypatch.setattr(
        Workspace, "branch", lambda self, source, **options: branches.append(source)
    )
    async with running(lamp.dashboard(), (80, 24)) as pilot:
        form = await open_form(pilot)
        await pilot.press("!", "tab", *"width", "shift+tab", "ctrl+s")
        await shows(pilot, "✗ Write settings as name=value; width is none.")
        assert pilot.app.focused is form.query_one(Input)
        form.query_one(Input).post_message(events.Paste("=9\nseed=7\n"))
        await until(pilot, lambda: form.query_one(Input).value == "width=9 seed=7")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is form)
        assert form.query_one(Input).value == "width=9 seed=7"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("y")
        await until(pilot, lambda: branches)
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
