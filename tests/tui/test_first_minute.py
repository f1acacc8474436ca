"""The first minute: an empty workspace offers the demo, a prompt to type, and a tour, once."""

from pathlib import Path
from typing import Any

import pytest

from engine.client import demo
from engine.client.engine_process import EngineProcess
from engine.client.workspace import Workspace
from tests.tui.support import Place, running, seen, shows, until
from tui.app import Dashboard
from tui.screens.batches import BEGIN, TOUR
from tui.ui_state import UiState, state_file


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Engines that were started, without one."""
    starts: list[str] = []

    def start(self: object, *, until_idle: bool = False) -> int:
        starts.append("start")
        return 7

    monkeypatch.setattr(EngineProcess, "start", start)
    return starts


async def test_enter_paints_the_demo(tmp_path: Path, started: list[str]) -> None:
    app: Any = Dashboard(tmp_path / "new")
    async with running(app) as pilot:
        await shows(pilot, "Welcome to Safelight", "paint the demo", "type a prompt")
        await pilot.press("enter")
        await until(pilot, lambda: started)
        await until(pilot, lambda: app.screen.rows.total == 1)
        await shows(pilot, "prompts")
    with Workspace(tmp_path / "new") as workspace, workspace.reading() as connection:
        rows = [tuple(row) for row in connection.execute("SELECT recipe, seed FROM batches")]
        assert rows == [("refine", demo.SEED)]
        assert connection.execute("SELECT count(*) FROM jobs").fetchone()[0] == 12


async def test_a_workspace_that_was_initialised_offers_the_same(place: Place) -> None:
    async with running(place.dashboard()) as pilot:
        await shows(pilot, "Welcome to Safelight", "paint the demo")


async def test_the_tour_is_put_away_once_and_for_all(tmp_path: Path) -> None:
    app = Dashboard(tmp_path / "new")
    async with running(app, size=(80, 24)) as pilot:
        await shows(pilot, *BEGIN.splitlines(), *TOUR.splitlines(), "esc puts this away")
        await pilot.press("escape")
        await until(pilot, lambda: "The engine works on" not in seen(app))
        await shows(pilot, "Welcome to Safelight")
    assert UiState.load(state_file()).toured
    app = Dashboard(tmp_path / "new")
    async with running(app) as pilot:
        await shows(pilot, "Welcome to Safelight")
        assert "esc puts this away" not in seen(app)


async def test_nothing_is_painted_by_one_who_only_watches(
    tmp_path: Path, started: list[str]
) -> None:
    app = Dashboard(tmp_path / "new", read_only=True)
    async with running(app) as pilot:
        await shows(pilot, "Welcome to Safelight")
        assert "paint the demo" not in seen(app)
        await pilot.press("enter")
        await pilot.pause()
    assert not started
    assert not (tmp_path / "new").exists()


def test_the_examples_come_from_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (demo.examples_folder() / demo.PROMPTS).is_file()
    monkeypatch.setattr(demo, "_PACKAGED", tmp_path / "none")
    monkeypatch.setattr(demo, "_CHECKOUT", tmp_path / "none")
    with pytest.raises(Exception, match="no examples; install Safelight again"):
        demo.queue_demo(tmp_path / "new")
    assert not (tmp_path / "new").exists()
