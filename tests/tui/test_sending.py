"""A part of a job is sent to another recipe from its screen."""

import json
import shutil

import pytest
from textual.widgets import OptionList

from db.queries import lineage
from db.queries.jobs import all_jobs
from engine.client.workspace import Workspace
from tests.tui.support import running, shows, until
from tui.app import Dashboard
from tui.screens.confirm import ConfirmScreen
from tui.screens.send import SendMenu


@pytest.fixture(scope="module")
def _finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("sent") / "workspace"
    source = root.parent / "prompts.json"
    source.write_text(json.dumps([{"id": "boat", "prompt": "A boat on a lake at dusk"}]))
    workspace = Workspace(root, create=True)
    settings = {"seed": 11, "width": 64, "height": 64, "max_iterations": 1}
    assert workspace.follow(workspace.queue("refine", source, settings=settings)).state == "done"
    return root


@pytest.fixture
def root(_finished, tmp_path):
    return shutil.copytree(_finished, tmp_path / "workspace")


async def choosing(pilot) -> None:
    """Open the job, and the list of recipes."""
    await until(pilot, lambda: pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.WHERE == "job" and pilot.app.screen._snapshot)
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SendMenu))
    await shows(pilot, "Send to: j1:iteration-1", "storyboard")


async def select(pilot, name: str) -> None:
    """Select a recipe of the list."""
    menu = pilot.app.screen.query_one(OptionList)
    names = [str(option.id) for option in menu.options]
    await pilot.press(*("j" for _ in range(names.index(name))))


async def test_the_selected_part_is_sent_after_a_question(root) -> None:
    async with running(Dashboard(root), (120, 40)) as pilot:
        await choosing(pilot)
        await select(pilot, "storyboard")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await shows(pilot, "Send j1:iteration-1 to storyboard?", "1 entry", "costs nothing")
        await pilot.press("y")
        await shows(pilot, "Queued b2 from j1:iteration-1. It waits for an engine")
        await pilot.press("B")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await pilot.press("g", "enter")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batch")
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await pilot.press("enter")
        await shows(pilot, "sent from b1/boat:iteration-1")
    workspace = Workspace(root)
    with workspace.reading() as connection:
        (job,) = list(all_jobs(connection, 2))
        origin = lineage.origin_of(connection, job.id)
    assert origin is not None
    assert (origin.source_job_id, origin.step_key) == (1, "iteration-1/generate")
    assert json.loads(job.input)["prompt"] == "A boat on a lake at dusk"


async def test_recipes_that_cannot_take_it_are_not_offered(root) -> None:
    async with running(Dashboard(root), (120, 40)) as pilot:
        await choosing(pilot)
        menu = pilot.app.screen.query_one(OptionList)
        names = {str(option.id) for option in menu.options}
    assert {"refine", "storyboard"} <= names
    assert "music-video" not in names


async def test_nothing_is_sent_without_a_yes(root) -> None:
    async with running(Dashboard(root), (120, 40)) as pilot:
        await choosing(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
        await pilot.press("s")
        await shows(pilot, "storyboard")
        await select(pilot, "storyboard")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.WHERE == "job")
    with Workspace(root).reading() as connection:
        assert connection.execute("SELECT count(*) FROM batches").fetchone()[0] == 1


async def test_a_refusal_is_shown(root) -> None:
    shutil.rmtree(Workspace(root).paths.artifacts)
    async with running(Dashboard(root), (120, 40)) as pilot:
        await choosing(pilot)
        await select(pilot, "storyboard")
        await pilot.press("enter")
        await shows(pilot, "is gone. Retry the job")
