"""What the first image of the dashboard does not wait for."""

import subprocess
import sys

import pytest
from textual.app import App
from textual.screen import Screen

from engine.client.views import recipe_info as headlines
from engine.client.views.recipe_info import Headlines, RecipeInfo
from tests.tui.support import Place, running, until
from tui.app import Dashboard
from tui.screens import whole
from tui.snapshots.batches import LATER, SOON, BatchesView
from tui.widgets.rows import Rows

HEAVY = {"click", "pydantic", "numpy", "PIL", "sqlite_utils", "yaml", "engine.plugins.catalog"}
LATER_ROWS = {"db.rows.jobs", "db.rows.batches", "db.queries.inspect", "db.writer"}


def test_the_dashboard_starts_without_commands_models_and_images() -> None:
    code = "import sys\nimport safelight.__main__, tui.run\nprint(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (HEAVY | LATER_ROWS).isdisjoint(said.stdout.split())


async def test_the_first_image_is_that_with_the_batches(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.batch("night", ["fox"])
    monkeypatch.setattr(whole, "LONGEST_SECONDS", 600)  # however long a busy machine takes
    painted: list[int] = []
    paint = Screen._compositor_refresh

    def noted(screen: Screen) -> None:
        painted.append(screen.query_one(Rows).total)
        paint(screen)

    monkeypatch.setattr(Screen, "_compositor_refresh", noted)
    async with running(Dashboard(place.root)) as pilot:
        await until(pilot, lambda: bool(painted))
    assert painted[0] == 1


async def test_a_screen_without_content_is_painted_a_moment_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painted: list[Screen] = []
    paint = Screen._compositor_refresh

    def count(screen: Screen) -> None:
        painted.append(screen)
        paint(screen)

    monkeypatch.setattr(Screen, "_compositor_refresh", count)

    class Empty(App[None]):
        def get_default_screen(self) -> Screen:
            return whole.WholeScreen()

    async with Empty().run_test() as pilot:
        await until(pilot, lambda: bool(painted))


def test_the_first_list_imports_no_recipe_and_the_second_does(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    low = RecipeInfo("distance", 0, 10, higher_is_better=False)
    monkeypatch.setattr(headlines, "_load", lambda name: loaded.append(name) or low)
    for name in ("one", "two"):
        batch = place.batch(name, ["a", "b"])
        place.claim(2)
        for job, score in zip(place.job_ids(batch), (3.0, 7.0), strict=True):
            place.end(job, score)
    view = BatchesView(Headlines())
    connection = place.store.reader()
    try:
        first, soon = view.read(connection, 1), view.every
        assert loaded == []
        assert [row.best for row in first.rows] == [7.0, 7.0]
        second = view.read(connection, 1)
        assert loaded == ["toy"]
        assert [row.best for row in second.rows] == [3.0, 3.0]
        assert (soon, view.every) == (SOON, LATER)
    finally:
        connection.close()
