"""Queueing a batch without leaving the dashboard, in a workspace that is not there yet too."""

from pathlib import Path

import pytest

from tests.tui.support import Place, running, shows, until
from tui.app import Dashboard


async def queue(pilot, path: Path) -> None:
    await until(pilot, lambda: type(pilot.app.screen).__name__ == "NewBatchScreen")
    form = pilot.app.screen.form
    await until(pilot, lambda: form.chosen is not None, "a recipe")
    await pilot.press(*["slash" if c == "/" else c for c in str(path)])
    await until(pilot, lambda: None not in form.check(), "a form that is filled in")
    await pilot.press("ctrl+s")


async def test_a_batch_is_queued_and_shown(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "lamps.txt"
    source.write_text("a red lamp\na blue lamp\n")
    async with running(place.dashboard()) as pilot:
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await pilot.press("n")
        await queue(pilot, source)
        await shows(pilot, "b1 lamps", "0/2", "Queued b1. It is called 'lamps'.")


@pytest.mark.slow
async def test_a_batch_is_queued_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened without a folder's name, as it is every day."""
    (tmp_path / "lamps.txt").write_text("a red lamp\n")
    workspace = Place(tmp_path / "workspace")
    monkeypatch.chdir(workspace.root)
    async with running(Dashboard(Path())) as pilot:
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await pilot.press("n")
        await queue(pilot, tmp_path / "lamps.txt")
        await shows(pilot, "b1 lamps", "0/1")


@pytest.mark.slow
async def test_in_a_folder_that_is_no_workspace_yet(tmp_path: Path) -> None:
    source = tmp_path / "lamps.txt"
    source.write_text("a red lamp\n")
    (tmp_path / "images").mkdir()
    async with running(Dashboard(tmp_path / "images")) as pilot:
        await shows(pilot, "Nothing has been queued")
        await pilot.press("n")
        await shows(pilot, "Create a workspace in")
        await pilot.press("y")
        await queue(pilot, source)
        await shows(pilot, "b1 lamps", "0/1")
