"""An operator's tasks by their number of keys, from the batch's table with its first row selected.

Each key counts as one, with those that confirm; characters of a value that is typed count too.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.client.views.files import OpenableFile
from engine.client.workspace import Workspace
from tests.tui.storyboards import film
from tests.tui.support import Place, running, shows, until
from tui.app import Dashboard


class Keys:
    """Keys that are pressed and counted."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.count = 0

    async def press(self, *keys: str) -> None:
        self.count += len(keys)
        await self.pilot.press(*keys)


@asynccontextmanager
async def table(place: Place) -> AsyncIterator[tuple[Any, Keys]]:
    """The table of the first batch, its first row selected."""
    app: Any = place.dashboard()
    async with running(app, size=(120, 40)) as pilot:
        await until(pilot, lambda: app.screen.rows.total)
        await pilot.press("G", "enter")  # the first batch is the oldest
        await until(pilot, lambda: app.screen.WHERE == "batch" and app.screen.is_mounted)
        await until(pilot, lambda: app.screen.rows.current)
        yield app, Keys(pilot)


@pytest.fixture
def evening(place: Place) -> Place:
    """Three jobs: the first is fine and has two iterations, the last is the worst."""
    ids = place.job_ids(place.batch("evening", ["fine", "middling", "poor"], prompt="a lamp"))
    place.claim(3)
    for job, score in zip(ids, (90, 60, 20), strict=True):
        place.turn(job, 1, score - 10, prompt="a lamp at dusk", text="flat")
        place.turn(job, 2, score, text=f"reason of {score}")
        place.end(job, score)
    return place


async def test_the_worst_image_and_why_take_two(evening: Place) -> None:
    async with table(evening) as (app, keys):
        await keys.press("s")
        await shows(keys.pilot, "Order of the list")
        await keys.press("w")
        await until(keys.pilot, lambda: type(app.screen).__name__ == "BatchScreen")
        await until(keys.pilot, lambda: app.screen.rows.current.key == "poor")
        await shows(keys.pilot, "reason of 20")
        assert keys.count <= 2


async def test_two_iterations_are_compared_by_three(evening: Place) -> None:
    async with table(evening) as (app, keys):
        await keys.press("enter")
        await until(keys.pilot, lambda: app.screen.WHERE == "job" and app.screen.is_mounted)
        await until(keys.pilot, lambda: app.screen.rows.total)
        await keys.press("equals_sign")
        await until(keys.pilot, lambda: app.screen.WHERE == "compare")
        await shows(keys.pilot, "iteration 1", "iteration 2")
        assert keys.count <= 3


async def test_another_variation_takes_four(place: Place) -> None:
    film(place, scenes=1)
    place.write(lambda c: c.execute("UPDATE batches SET recipe = 'storyboard'"))
    async with table(place) as (app, keys):
        await keys.press("enter")
        await until(keys.pilot, lambda: app.screen.WHERE == "job" and app.screen.is_mounted)
        await until(keys.pilot, lambda: app.screen.rows.total)
        await keys.press("c")
        await shows(keys.pilot, "Choose one", "variation 2")
        await keys.press("2")
        await shows(keys.pilot, "Choose variation 2?")
        await keys.press("y")
        sql = "SELECT json_extract(arguments, '$.key', '$.value') FROM commands"
        await until(keys.pilot, lambda: place.read(sql))
        assert place.read(sql) == [('["scene-1/select",2]',)]
        assert keys.count <= 4


async def test_a_viewer_takes_one(evening: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[int, str]] = []

    def open_file(self: Dashboard, job: int, file: OpenableFile, **options: object) -> None:
        opened.append((job, file.file.hash))

    monkeypatch.setattr(Dashboard, "open_file", open_file)
    async with table(evening) as (_app, keys):
        await until(keys.pilot, lambda: _app.screen._snapshot and _app.screen._snapshot.glance)
        await keys.press("o")
        await until(keys.pilot, lambda: opened)
        best = evening.read("SELECT hash FROM artifacts WHERE job_id = 1 ORDER BY id DESC LIMIT 1")
        assert opened == [(1, best[0][0])]
        assert keys.count == 1


async def test_a_prompt_is_copied_by_two(evening: Place) -> None:
    async with table(evening) as (app, keys):
        await keys.press("Y")
        await shows(keys.pilot, "path of the file")
        await keys.press("p")
        await until(keys.pilot, lambda: app.clipboard == "a lamp at dusk")
        assert keys.count == 2


async def test_the_full_error_takes_one(place: Place) -> None:
    (job,) = place.job_ids(place.batch("evening", ["one"]))
    place.claim(1)
    message = "\n".join(f"reason {number}" for number in range(2000))
    place.fail(job, message, "Change the prompt.")
    async with table(place) as (app, keys):
        await keys.press("v")
        await until(keys.pilot, lambda: app.screen.WHERE == "text")
        await shows(keys.pilot, "reason 0")
        assert keys.count == 1
        assert "reason 1999" in "\n".join(app.screen.pager.lines)


async def test_another_setting_takes_four(place: Place, tmp_path) -> None:
    source = tmp_path / "prompts.json"
    source.write_text('[{"id": "fox", "prompt": "a fox"}]')
    Workspace(place.root).queue("refine", source, settings={"seed": 3})
    async with table(place) as (app, keys):
        await keys.press("a")
        await until(keys.pilot, lambda: type(app.screen).__name__ == "NewBatchScreen")
        control = "#field-max-iterations Input"
        await until(keys.pilot, lambda: app.screen.query(control))
        await keys.press("ctrl+n")
        await until(keys.pilot, lambda: app.focused in app.screen.query(control))
        await keys.press("5", "ctrl+s")
        sql = "SELECT json_extract(settings, '$.max_iterations'), seed FROM batches ORDER BY id"
        await until(keys.pilot, lambda: len(place.read(sql)) == 2)
        assert place.read(sql) == [(3, 3), (5, 3)]
        assert keys.count <= 4
