"""The terminal's own pixels, in a terminal that the test plays: asked once, then drawn."""

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

pexpect = pytest.importorskip("pexpect")

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
from textual_image import _terminal
from tui.images.terminal import probe

if sys.argv[2:]:
    response = _terminal.capture_terminal_response
    patience = float(sys.argv[2])
    _terminal.capture_terminal_response = lambda start_marker, end_marker, timeout=None: response(
        start_marker, end_marker, patience
    )

found = probe()
print("found", found.protocol if found else "cells", flush=True)

from textual.app import App
from tui.widgets.image import ImageView

class Shown(App):
    BINDINGS = [("q", "quit", "Quit")]

    def compose(self):
        image = ImageView()
        image.show(Path(sys.argv[1]), "ab")
        yield image

Shown().run()
"""

SIXEL, NO_SIXEL = "\x1b[?62;4c", "\x1b[?62c"
KITTY, CELL = "\x1b_Gi=1;OK\x1b\\", "\x1b[6;20;10t"
ASKS_DEVICE, ASKS_KITTY, ASKS_CELL = rb"\x1b\[c", rb"\x1b_G[^\x1b]*a=q", rb"\x1b\[16t"


def start(path, term, *patience):
    """Start the program; with a patience, it waits so many seconds for each answer."""
    hidden = (
        "COLUMNS",
        "LINES",
        "NO_COLOR",
        "TMUX",
        "TERM_PROGRAM",
        "KITTY_WINDOW_ID",
        "SAFELIGHT_IMAGES",
    )
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return pexpect.spawn(
        sys.executable,
        ["-c", PROGRAM, str(path), *patience],
        env={**environment, "TERM": term, "COLORTERM": "truecolor"},
        cwd=str(ROOT),
        dimensions=(20, 60),
        timeout=120,
    )


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image"
    Image.linear_gradient("L").convert("RGB").save(path, "PNG")
    return path


def leave(child):
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_kittys_protocol(image):
    child = start(image, "xterm-kitty", "60")
    child.expect(ASKS_DEVICE)
    child.send(NO_SIXEL)
    child.expect(ASKS_KITTY)
    child.send(KITTY)
    child.expect(ASKS_CELL)
    child.send(CELL)
    child.expect(b"found kitty")
    child.expect(rb"\x1b_G[^\x1b]*a=p,[^\x1b]*c=40,r=20")  # placed: a square, 20 rows high
    leave(child)


def test_sixel(image):
    child = start(image, "foot", "60")
    child.expect(ASKS_DEVICE)
    child.send(SIXEL)
    child.expect(ASKS_CELL)
    child.send(CELL)
    child.expect(b"found sixel")
    child.expect(rb"\x1bP[0-9;]*q")
    leave(child)


def test_a_terminal_that_does_not_answer_gets_cells(image):
    child = start(image, "foot")
    child.expect(b"found cells")
    assert b"Traceback" not in child.before
    child.expect("▀".encode())
    leave(child)


def test_a_terminal_that_is_not_known_is_not_asked(image):
    child = start(image, "xterm-256color")
    child.expect(b"found cells")
    assert b"\x1b" not in child.before
    child.expect("▀".encode())
    leave(child)
