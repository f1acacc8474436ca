"""A program in a pseudo-terminal: keys go in, and when each text comes out is known."""

import os
import re
import select
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from ptyprocess import PtyProcess  # type: ignore[import-untyped]

from bench.machine import ROOT

PATIENCE = 60.0
"""Seconds after which a text that does not come is given up."""

_NOT_AN_OPERATORS = {"NO_COLOR", "TMUX", "PYTHONDONTWRITEBYTECODE"}
"""Variables of whoever measures: with the last, each start compiles the whole dashboard again."""

SIZE = (40, 120)
_ESCAPE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_=>])")


@dataclass(frozen=True, slots=True)
class Used:
    """Time that a process had used when it was ended.

    Attributes:
        wall: Seconds from its start to the text that was waited for.
        cpu: Seconds of processor, of all its threads.
    """

    wall: float
    cpu: float


class Terminal:
    """A terminal of 120 columns and 40 lines with a program in it.

    Args:
        command: The program and its arguments.
        home: A folder that it takes for its home, so that nobody's settings matter.
    """

    def __init__(self, command: list[str], home: Path) -> None:
        names = {"config": "XDG_CONFIG_HOME", "state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}
        own = {variable: str(home / name) for name, variable in names.items()}
        own |= {"HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        kept = {k: v for k, v in os.environ.items() if k not in _NOT_AN_OPERATORS}
        self.started = time.monotonic()
        self._child = PtyProcess.spawn(command, cwd=str(ROOT), env=kept | own, dimensions=SIZE)
        self.process = psutil.Process(self._child.pid)
        self.received = 0
        self._new = b""

    def send(self, keys: str) -> float:
        """Presses keys; returns when, in seconds of the monotonic clock."""
        self._new = b""
        pressed = time.monotonic()
        self._child.write(keys.encode())
        return pressed

    def chunks(self, seconds: float) -> Iterator[tuple[float, str]]:
        """Return the output within some seconds: its time, and all text since the last key.

        Raises:
            RuntimeError: The program has ended; the message holds its last words.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self._child.fd], [], [], left)[0]:
                return
            try:
                data = os.read(self._child.fd, 1 << 16)
            except OSError as error:  # what Linux says of a terminal with nobody in it
                raise RuntimeError(f"the program has ended: {self._new[-1500:]!r}") from error
            moment = time.monotonic()
            self.received += len(data)
            self._new = (self._new + data)[-(1 << 18) :]
            yield moment, _ESCAPE.sub(b"", self._new).decode(errors="replace")

    def until(self, pattern: str, patience: float = PATIENCE) -> float:
        """When a text came that has not been there since the last key.

        Raises:
            RuntimeError: It did not come; the message holds the end of what did.
        """
        text = ""
        for moment, text in self.chunks(patience):
            if re.search(pattern, text):
                return moment
        raise RuntimeError(f"{pattern!r} was not shown, but: {text[-1500:]!r}")

    def rest(self, seconds: float) -> None:
        """Let it continue for some seconds."""
        for _ in self.chunks(seconds):
            pass

    def end(self) -> float:
        """Ends it now, once; returns the processor seconds that it has used."""
        if self._child.closed:
            return 0.0
        os.kill(self._child.pid, signal.SIGKILL)
        _, _, usage = os.wait4(self._child.pid, 0)
        self._child.fileobj.close()  # not its number alone: the object would close that later
        self._child.closed = self._child.terminated = True
        return usage.ru_utime + usage.ru_stime


@contextmanager
def terminal(command: list[str]) -> Iterator[Terminal]:
    """A terminal with a program in it, that is ended at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-home-", ignore_cleanup_errors=True) as home:
        opened = Terminal(command, Path(home))
        try:
            yield opened
        finally:
            opened.end()


def first_paint(command: list[str], pattern: str) -> Used:
    """Return the time that a program uses until a text is on the screen."""
    with terminal(command) as opened:
        wall = opened.until(pattern) - opened.started
        return Used(wall, opened.end())
