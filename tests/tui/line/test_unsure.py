"""After a character of disputed width, the cursor of any terminal is where Textual expects it."""

import pyte
import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip

from tui.line.grid import Grid
from tui.line.unsure import steady
from tui.textual_repairs import repair

DISPUTED = (
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "🧑🏽‍🚀", "❤️", "1️⃣", "👍🏽", "a\u200db", "क्षि", "\u3164",
    "\u1112\u1161\u11ab", "soft\u00adhyphen", "\ufdd0", "\U0001fae9", "\u115f", "\u200b",
    "e\u0301\U000e0041",
)  # fmt: skip
PLAIN_TEXTS = (
    "",
    "lamp",
    "▏▸ ✓ ▁▃█ ▀",
    "日本",
    "e\u0301",
    "Привет",
    "مرحبا",
    "👍 🦊",
    "\U0001fb00",
)


def shown(frame: str) -> pyte.Screen:
    screen = pyte.Screen(40, 2)
    pyte.Stream(screen).feed(f"\x1b[1;1H{'x' * 40}\x1b[1;1H{frame}")
    return screen


@pytest.mark.parametrize("text", DISPUTED)
def test_the_next_text_stands_where_textual_expects_it(text: str) -> None:
    screen = shown(f"{steady(text)}|")
    assert screen.buffer[0][cell_len(text)].data == "|"
    assert screen.cursor.x == cell_len(text) + 1
    under = [screen.buffer[0][column].data for column in range(cell_len(text))]
    assert "x" not in under


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_text_of_one_width_is_left_as_it_is(text: str) -> None:
    assert steady(text) is text


@pytest.mark.parametrize("text", DISPUTED)
def test_a_slow_line_takes_it_as_one_cell(text: str) -> None:
    grid = Grid()
    assert grid.take(f"\x1b[1;1H\x1b[1m{steady(text)}|{' ' * 20}\x1b[0m")
    screen = shown(grid.next(1 << 20))
    assert screen.buffer[0][cell_len(text)].data == "|"


async def test_strips_are_drawn_so() -> None:
    repair()
    async with App[None]().run_test() as pilot:
        strip = Strip([Segment("❤️", Style(bold=True)), Segment("|", Style(bold=True))])
        assert shown(strip.render(pilot.app.console)).buffer[0][2].data == "|"
