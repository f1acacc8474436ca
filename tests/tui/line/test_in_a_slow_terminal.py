"""The program in a real pseudo-terminal that is read slowly and says where its cursor is."""

import time
from collections.abc import Iterator

import pexpect
import pytest

from tests.tui.support import Place
from tests.tui.test_in_a_terminal import Terminal

RATE = 25_000
PIECE = 512
PRESSES = 60


class SlowTerminal(Terminal):
    """A terminal at the end of a slow line."""

    def __init__(self, place: Place, **env: str) -> None:
        super().__init__(["--workspace", str(place.root)], (100, 30), COLORTERM="truecolor", **env)
        self.screen.write_process_input = lambda data: self.child.send(data.encode())

    def read(self) -> None:
        try:
            data = self.child.read_nonblocking(PIECE, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        time.sleep(len(data) / RATE)
        self.sent += data
        self.stream.feed(data.replace(b"\x1b[?2026$p", b"").replace(b"\x1b[>25u", b""))

    def rest(self) -> None:
        """Reads until nothing comes any more."""
        before = -1
        while before != len(self.sent):
            before = len(self.sent)
            self.read()

    def cursor(self) -> str:
        return next((line for line in self.screen.display if "▌" in line), "")

    def bytes_of_a_move(self, key: bytes) -> int:
        """Bytes that are sent until the cursor stands on another row and all is still."""
        self.rest()
        before, began = self.cursor(), len(self.sent)
        self.child.send(key)
        while self.cursor() == before:
            self.read()
        self.rest()
        return len(self.sent) - began


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.child.close(force=True)


def test_a_slow_line_is_found_out_and_spared(terminals: list[Terminal], place: Place) -> None:
    place.batch("evening", [f"job-{n:03d}" for n in range(60)])
    terminal = SlowTerminal(place)
    terminals.append(terminal)
    terminal.shows("b1 evening")
    terminal.child.send(b"\r")
    terminal.shows("job-001", "Open")
    terminal.rest()
    least = min(terminal.bytes_of_a_move(key) for key in (b"j", b"k", b"j", b"k"))
    assert least < 600
    terminal.shows("job-000", "job-020")
    asked = terminal.sent.count(b"\x1b[6n")
    assert asked > 1
    terminal.child.send(b"q")
    terminal.ends()
    assert b"No engine runs" in terminal.sent
