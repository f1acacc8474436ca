"""Sixels among other widgets: the bytes that a frame sends, as a terminal takes them."""

import re

import pyte
import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static
from textual_image._terminal import CellSize
from textual_image.widget.sixel import _ImageSixelImpl

from tui.images.sixel_repair import repair
from tui.images.terminal import PixelTerminal

SIXEL = re.compile(r"\x1bP[^\x1b]*\x1b\\")
ROWS = 6


class Beside(App[None]):
    """A sixel of all rows, and a text beside it."""

    CSS = f"Static {{ width: 5; height: {ROWS}; }} Horizontal {{ height: {ROWS}; }}"

    def compose(self) -> ComposeResult:
        terminal = PixelTerminal("sixel", (10, 20))
        image = Image.linear_gradient("L").convert("RGB").resize((200, 20 * ROWS))
        with Horizontal():
            yield terminal.widget(image)
            yield Static("\n".join(f"row {row}" for row in range(ROWS)))


@pytest.mark.parametrize("row", [0, ROWS - 1])
async def test_a_whole_frame_has_the_cells_beside_a_sixel_in_their_rows(row: int) -> None:
    app = Beside()
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        frame = app.screen._compositor.render_full_update().render_segments(app.console)
    screen = pyte.Screen(40, 10)
    assert SIXEL.search(frame)
    frame, *_ = frame.partition(f"\x1b[{ROWS + 1};1H")  # the rows below hide what is too low
    pyte.Stream(screen).feed(SIXEL.sub("", frame))
    assert f"row {row}" in screen.display[row]


def sixels(image: Image.Image) -> str:
    """The sequences of an image, as the repaired widget encodes it."""
    repair()
    return _ImageSixelImpl()._image_to_sixels(image)


def test_each_colour_is_selected_where_it_is_defined() -> None:
    frame = sixels(Image.linear_gradient("L").convert("RGB").resize((40, 60)))
    definitions = re.findall(r"#(\d+);2;\d+;\d+;\d+(#\d+)?", frame)
    assert len(definitions) > 10
    assert all(selection == f"#{number}" for number, selection in definitions)


@pytest.mark.parametrize(("environment", "tiles"), [({}, 1), ({"XTERM_VERSION": "XTerm(379)"}, 6)])
def test_xterm_gets_a_large_image_in_tiles_of_whole_cells(
    environment: dict[str, str], tiles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XTERM_VERSION", raising=False)
    monkeypatch.setattr("tui.images.sixel_repair.get_cell_size", lambda: CellSize(9, 20))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    frame = sixels(Image.new("RGB", (2000, 1010), "teal"))
    sizes = re.findall(r'"1;1;(\d+);(\d+)', frame)
    assert len(sizes) == tiles
    if tiles > 1:
        assert all(int(side) <= 1000 for size in sizes for side in size)
        assert "\x1b[222C\x1b[50B" in frame
        screen = pyte.Screen(300, 60)
        pyte.Stream(screen).feed(SIXEL.sub("", frame))
        assert (screen.cursor.x, screen.cursor.y) == (0, 0)
