"""A screen's style sheet styles that screen alone, whatever was opened before."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet
from textual.worker import Worker

from db.queries.spending import Spending
from tests.tui.support import Place, running, until
from tui.app import Dashboard
from tui.screens.batch import BatchScreen
from tui.screens.batches import BatchesScreen
from tui.screens.compare import CompareScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.edit_prompt import EditPromptScreen
from tui.screens.help import HelpScreen
from tui.screens.job import JobScreen
from tui.screens.lanes import LanesScreen
from tui.screens.menu import MenuScreen
from tui.screens.new_batch import NewBatchScreen, estimator
from tui.screens.new_batch import estimated_form as new_batch_module
from tui.screens.new_batch.picker import InputPicker
from tui.screens.spending import SpendingScreen
from tui.stylesheet import DashboardStylesheet

LONG_AGO = "2026-01-01T12:00:00.000000Z"
SPENT = [Spending("openai", "gpt", "generate", 3, 3, 120_000, 0, 10, 20)]

SCREENS: dict[str, Callable[[Dashboard], Any]] = {
    "batch": lambda app: app.open_batch(1, "evening"),
    "job": lambda app: app.open_job(1, "one"),
    "help": lambda app: app.show_help("batches"),
    "lanes": lambda app: app.push_screen(LanesScreen()),
    "spending": lambda app: app.push_screen(SpendingScreen("b1", SPENT)),
    "confirm": lambda app: app.confirm("Cancel j1?", lambda: None),
    "edit prompt": lambda app: app.push_screen(
        EditPromptScreen("prompt", "a lamp", lambda *_: None)
    ),
    "new batch": lambda app: app.new_batch(),
    "picker": lambda app: app.push_screen(InputPicker(app.paths.root)),
}
WITH_SHEETS = [
    BatchesScreen, BatchScreen, JobScreen, HelpScreen, LanesScreen, SpendingScreen,
    ConfirmScreen, EditPromptScreen, NewBatchScreen, CompareScreen, MenuScreen,
]  # fmt: skip


@pytest.fixture
def filled(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(new_batch_module, "read_readiness", lambda root: {})
    monkeypatch.setattr(estimator, "ESTIMATE_AFTER", 600)
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.turn(ids[0], 1, 40)
    place.end(ids[0], 40)
    place.fail(ids[1], "No.")
    place.write(lambda c: c.execute("UPDATE events SET at = ?", (LONG_AGO,)))  # no rate to show
    return place


def drawn(app: Dashboard) -> list[list[tuple[str, str]]]:
    """The screen's cells with their styles."""
    lines = app.screen._compositor.render_strips()
    return [[(segment.text, str(segment.style)) for segment in line] for line in lines]


async def draw(pilot: Any, name: str) -> list[list[tuple[str, str]]]:
    """Opens a screen, takes its image once nothing is loaded any more, and closes it."""
    await visit(pilot, name)
    seen: list[Any] = []

    def settled() -> bool:
        if any(loads(worker) for worker in pilot.app.workers):
            seen.clear()
            return False
        seen.append(drawn(pilot.app))
        return len(seen) > 8 and all(image == seen[-1] for image in seen[-8:])

    await until(pilot, settled)
    pilot.app.go_batches()
    return seen[-1]


def loads(worker: Worker[Any]) -> bool:
    """True for a thread at work, such as one that loads the recipes or draws an image."""
    return worker._thread_worker and not worker.is_finished


async def visit(pilot: Any, name: str) -> None:
    SCREENS[name](pilot.app)
    await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
    if name == "new batch":
        await until(pilot, lambda: pilot.app.screen.query("#settings-title"))
    for box in pilot.app.screen.query("Input, TextArea"):
        box.cursor_blink = False
    await pilot.pause()


@pytest.mark.slow
async def test_a_screen_looks_the_same_after_every_other_one(filled: Place) -> None:
    alone = {}
    for name in SCREENS:
        async with running(filled.dashboard(), (100, 40)) as pilot:
            await until(pilot, lambda: pilot.app.screen.rows.total)
            alone[name] = await draw(pilot, name)
    async with running(filled.dashboard(), (100, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        for name in SCREENS:
            await visit(pilot, name)
            pilot.app.go_batches()
        for name in SCREENS:
            assert await draw(pilot, name) == alone[name], name


@pytest.mark.parametrize("screen", WITH_SHEETS, ids=lambda screen: screen.__name__)
def test_every_rule_of_a_screens_sheet_names_the_screen(place: Place, screen: type) -> None:
    folder = Path(inspect.getfile(screen)).parent
    sheet = Stylesheet(variables=place.dashboard().get_css_variables())
    sheet.read(folder / screen.CSS_PATH)  # type: ignore[attr-defined]
    assert sheet.rules
    for rule in sheet.rules:
        for selectors in rule.selector_set:
            assert selectors.selectors[0].name == screen.__name__, rule.selectors


def styles_of(app: Dashboard) -> list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]]:
    """The rules of each widget of a screen, and those of its components."""
    return [
        (
            repr(node),
            dict(node.styles.base._rules),
            {
                name: dict(node._component_styles[name].base._rules)
                for name in sorted(node._get_component_classes())
            },
        )
        for node in app.screen.walk_children(with_self=True)
    ]


def style_as_textual(app: Dashboard) -> None:
    """Styles all that is shown by Textual's own style sheet, from the same sources."""
    sheet = Stylesheet(variables=app.get_css_variables())
    sheet.source = dict(app.stylesheet.source)
    sheet.parse()
    sheet.update(app.screen)


async def test_every_screen_is_styled_as_by_textual(filled: Place) -> None:
    async with running(filled.dashboard(), (100, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        for name in SCREENS:
            await visit(pilot, name)
            ours = styles_of(pilot.app)
            style_as_textual(pilot.app)
            assert ours == styles_of(pilot.app), name
            pilot.app.go_batches()


async def test_a_change_of_theme_styles_all_open_screens(filled: Place) -> None:
    async with running(filled.dashboard(), (100, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        await visit(pilot, "batch")
        pilot.app.theme = "safelight-light"
        await pilot.pause()
        ground = pilot.app.theme_variables["background"]
        for screen in pilot.app.screen_stack:
            assert screen.styles.background.hex == ground.upper()


async def test_a_screen_is_styled_once_when_it_is_opened(
    filled: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(filled.dashboard(), (100, 40)) as pilot:
        await until(pilot, lambda: pilot.app.screen.rows.total)
        styled: list[int] = []
        apply = DashboardStylesheet.apply
        monkeypatch.setattr(
            DashboardStylesheet,
            "apply",
            lambda sheet, node, **more: (styled.append(id(node)), apply(sheet, node, **more)),
        )
        await pilot.pause()  # the panel of the first row draws its images a little later
        styled.clear()
        before = list(pilot.app.screen.walk_children(with_self=True))
        await visit(pilot, "lanes")
        again = [node for node in before if id(node) in styled]
        assert not again
