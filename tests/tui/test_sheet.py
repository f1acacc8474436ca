"""The contact sheet of a batch."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.geometry import Offset

from tests.tui.support import Place, running, seen, shows, until
from tests.tui.test_batch_screen import open_batch, scored  # noqa: F401 - a fixture
from tests.tui.test_comparing_jobs import judge
from tui.images.style import CellStyle, cell_style
from tui.ui_state import UiState, state_file
from tui.widgets import sheet_decoder
from tui.widgets.rendering import THUMBNAILS, render_source
from tui.widgets.rows import Rows
from tui.widgets.sheet import Sheet


@pytest.fixture(autouse=True)
def nothing_drawn() -> None:
    THUMBNAILS.clear()


@pytest.fixture
def many(place: Place) -> Place:
    """Sixty jobs, each with an image of its own and a score."""
    ids = place.job_ids(place.batch("many", [f"many-{i:04d}-x" for i in range(60)]))
    place.claim(60)
    for number, id_ in enumerate(ids):
        place.turn(id_, 1, number + 10)
        place.end(id_, number + 10)
    return place


async def open_sheet(pilot) -> Sheet:
    await open_batch(pilot)
    await pilot.press("2")
    sheet = pilot.app.screen.query_one(Sheet)
    await until(pilot, lambda: sheet.has_focus and sheet.size.width)
    return sheet


async def test_cells_have_score_and_the_part_of_the_key_that_differs(many: Place) -> None:
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        await shows(pilot, "[2 sheet]", "10.0 0000-x", "11.0 0001-x", "1/60")
        await until(pilot, lambda: "▀" in seen(pilot.app))
        assert sheet.columns == 4


async def test_rows_and_cells_share_cursor_and_marks(many: Place) -> None:
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        await pilot.press("l", "j", "space")
        screen = pilot.app.screen
        assert screen.rows.cursor == 1 + sheet.columns + 1
        assert len(screen.rows.marks) == 1
        await shows(pilot, "●15.0 0005-x", "7/60")
        await pilot.press("1")
        await shows(pilot, "[1 table]", "● 1 marked")
        assert screen.rows.has_focus
        await pilot.press("k", "2")
        await until(pilot, lambda: sheet.has_focus)
        assert screen.rows.cursor == sheet.columns + 1
        await pilot.press("h", "enter")
        await shows(pilot, "many-0004-x", "iteration")


async def test_only_visible_images_are_decoded(many: Place, monkeypatch, drawn) -> None:
    decoded: list[object] = []
    real = render_source

    def counted(source, key):
        decoded.append(key.content)
        return real(source, key)

    monkeypatch.setattr(sheet_decoder, "render_source", counted)
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        first, count = sheet.visible_range
        await until(pilot, lambda: len(decoded) >= count)
        await pilot.pause()
        assert (first, len(decoded)) == (0, count)
        assert count < 20
        await pilot.press("G")
        await until(pilot, lambda: len(decoded) > count)
        await pilot.press("g")
        await pilot.pause()
        assert len(decoded) == len(set(decoded))  # those that were seen before are kept


async def test_half_cells_come_first_while_scrolling_and_the_best_symbols_at_rest(
    many: Place, monkeypatch, drawn
) -> None:
    monkeypatch.setattr("tui.widgets.sheet.style_of", lambda _: CellStyle("true", "quadrants"))
    drawn_in: list[str] = []
    real = render_source

    def counted(source, key):
        drawn_in.append(key.style.symbols)
        return real(source, key)

    monkeypatch.setattr(sheet_decoder, "render_source", counted)
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        images = sheet._images
        await until(pilot, lambda: all(map(images.has_in_full, sheet._faces.values())) and drawn_in)
        assert set(drawn_in) == {"quadrants"}
        drawn_in.clear()
        rest, in_full = sheet._rest, list[Callable[[], None]]()
        monkeypatch.setattr(sheet, "_rest", in_full.append)  # nothing rests before it is drawn
        await pilot.press("G")
        await until(pilot, lambda: drawn_in)
        assert set(drawn_in) == {"half"}
        rest(in_full[-1])
        await until(pilot, lambda: "quadrants" in drawn_in)
        assert drawn_in.index("quadrants") >= drawn_in.count("half") > 0


async def test_what_failed_or_runs_says_so_in_its_cell(scored: Place) -> None:  # noqa: F811
    job = scored.job_ids(1)[3]
    scored.claim(1)
    async with running(scored.dashboard(), (100, 30)) as pilot:
        await open_sheet(pilot)
        await shows(pilot, "✗ The provider", "✗ broken")
        await until(pilot, lambda: "▸" in seen(pilot.app), f"job {job}")
        await pilot.press("l", "l")
        await shows(pilot, "broken   ✗ The provider refused the prompt.")


async def test_plus_and_minus_change_the_size_which_is_remembered(many: Place, monkeypatch) -> None:
    monkeypatch.setattr("tui.screens.sheeted.style_of", lambda _: CellStyle("true"))
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        await pilot.press("minus")
        assert sheet.columns == 6
        await pilot.press("plus", "plus")
        assert sheet.columns == 3
    async with running(many.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)  # the view is remembered, too
        sheet = pilot.app.screen.query_one(Sheet)
        await until(pilot, lambda: sheet.has_focus)
        assert sheet.columns == 3


async def test_clicks_select_and_open(many: Place) -> None:
    async with running(many.dashboard(), (80, 24)) as pilot:
        sheet = await open_sheet(pilot)
        await pilot.click(Sheet, Offset(25, 2))
        assert pilot.app.screen.rows.cursor == 1
        await pilot.click(Sheet, Offset(25, 2), times=2)
        await shows(pilot, "many-0001-x", "iteration")
        assert sheet.columns == 4


@pytest.mark.slow
async def test_a_wide_terminal_has_rows_cells_and_glance(many: Place) -> None:
    async with running(many.dashboard(), (160, 50)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "[1 table]", "many-0002-x", "12.0 0002-x")
        rows, sheet = (pilot.app.screen.query_one(kind) for kind in (Rows, Sheet))
        await pilot.press("j", "j")
        assert rows.has_focus and rows.cursor == sheet.state.cursor == 2


async def test_16_colours_open_as_rows(many: Place, monkeypatch) -> None:
    UiState(view="sheet").save(state_file())
    monkeypatch.setattr("tui.screens.sheeted.style_of", lambda _: CellStyle("16"))
    async with running(many.dashboard(), (80, 24)) as pilot:
        await open_batch(pilot)
        await shows(pilot, "[1 table]")
        assert cell_style("standard", no_color=False).colours == "16"


async def test_a_damaged_image_says_so(place: Place) -> None:
    job = place.job_ids(place.batch("one", ["one"]))[0]
    place.claim(1)
    place.turn(job, 1, 50)
    place.end(job, 50)
    for path in Path(place.paths.artifacts).rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"no image")
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_sheet(pilot)
        await shows(pilot, "cannot be shown")


async def test_the_line_below_says_what_was_not_met(place: Place) -> None:
    job = place.job_ids(place.batch("one", ["one"]))[0]
    place.claim(1)
    judge(place, job, 1, 50, "a storm", storm="unmet", sea="met")
    place.end(job, 50)
    async with running(place.dashboard(), (80, 24)) as pilot:
        await open_sheet(pilot)
        await shows(pilot, "one   ✗ storm")
        assert "sea" not in seen(pilot.app)
