"""Sixels among other widgets: the bytes that a frame sends, as a terminal takes them."""

import re

import pyte
import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

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
