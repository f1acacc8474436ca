"""A program behind a slow line, as over SSH from far away: bytes a second, latency, small buffers.

The program runs in a pseudo-terminal. What it writes waits in a bounded buffer and reaches a
terminal emulator at the line's pace, a latency later; keys and the terminal's answers take the same
latency the other way. While the buffer is full nothing is read from the program.
"""

import os
import re
import select
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyte
from ptyprocess import PtyProcess  # type: ignore[import-untyped]

from bench.machine import ROOT

PATIENCE = 60.0
PIECE = 512
"""Bytes that the line carries at once."""

_NOT_OF_PYTE = re.compile(rb"\x1b\[\?\d+\$p|\x1b\[[<>]\d*u")
_IMAGE = re.compile(r"(?:\x1b\[[\d;]*m)*(?:▀)+(?:\x1b\[0?m)?".encode())


@dataclass(frozen=True, slots=True)
class Line:
    """Properties of a slow line.

    Attributes:
        rate: Bytes a second towards the terminal.
        latency: Seconds, each way.
        buffer: Maximum number of bytes in transit.
        answers: True if the terminal answers queries for its cursor position.
    """

    rate: float = 25_000
    latency: float = 0.15
    buffer: int = 16_384
    answers: bool = True


@dataclass
class Sent:
    """Bytes that have come out of the line."""

    text: int = 0
    images: int = 0
    _begun: bytes = b""

    def add(self, piece: bytes) -> None:
        """Counts what has come; an escape sequence that is not whole waits for the rest."""
        data = self._begun + piece
        end = max(0, data.rfind(b"\x1b"))
        whole, self._begun = data[:end], data[end:]
        images = sum(map(len, _IMAGE.findall(whole)))
        self.images += images
        self.text += len(whole) - images


class SlowTerminal:
    """A terminal at the far end of a slow line, with a program at the near end.

    Args:
        command: The program and its arguments.
        home: A folder that it takes for its home.
        line: The line between.
        size: Columns and lines.
        environment: Variables that it gets besides.
    """

    def __init__(
        self,
        command: list[str],
        home: Path,
        line: Line,
        size: tuple[int, int] = (120, 40),
        environment: dict[str, str] | None = None,
    ) -> None:
        names = {"config": "XDG_CONFIG_HOME", "state": "XDG_STATE_HOME", "cache": "XDG_CACHE_HOME"}
        own = {variable: str(home / name) for name, variable in names.items()}
        own |= {"HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "TMUX"}}
        self._child = PtyProcess.spawn(
            command, cwd=str(ROOT), env=kept | own | (environment or {}), dimensions=size[::-1]
        )
        self.process = psutil.Process(self._child.pid)
        self.line = line
        self.sent = Sent()
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        if line.answers:
            self._screen.write_process_input = self._answer  # type: ignore[method-assign]
        self._queued: deque[bytes] = deque()
        self._room = threading.Semaphore(line.buffer // PIECE)
        self._keys: deque[tuple[float, bytes]] = deque()
        self._coming: deque[tuple[float, bytes]] = deque()
        self._arrived = threading.Condition()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._read, self._carry, self._deliver, self._type)
        ]
        for thread in self._threads:
            thread.start()

    # -- the line -----------------------------------------------------------------------------

    def _read(self) -> None:
        """Takes what the program writes, while there is room."""
        while not self._over.is_set():
            if not self._room.acquire(timeout=0.2):
                continue
            try:
                while not select.select([self._child.fd], [], [], 0.2)[0]:
                    if self._over.is_set():
                        return
                self._queued.append(os.read(self._child.fd, PIECE))
            except (OSError, ValueError):
                return

    def _carry(self) -> None:
        """Puts pieces on the line, each after the one before it."""
        free = time.monotonic()
        while not self._over.is_set():
            if not self._queued:
                time.sleep(0.001)
                continue
            piece = self._queued.popleft()
            free = max(free, time.monotonic()) + len(piece) / self.line.rate
            time.sleep(max(0.0, free - time.monotonic()))
            self._coming.append((free + self.line.latency, piece))
            self._room.release()

    def _deliver(self) -> None:
        """Shows what has arrived, and answers."""
        while not self._over.is_set():
            if not self._coming or self._coming[0][0] > time.monotonic():
                time.sleep(0.001)
                continue
            _, piece = self._coming.popleft()
            with self._arrived:
                self.sent.add(piece)
                self._stream.feed(_NOT_OF_PYTE.sub(b"", piece))
                self._arrived.notify_all()

    def _answer(self, data: str) -> None:
        self._keys.append((time.monotonic() + self.line.latency, data.encode()))

    def _type(self) -> None:
        """Brings keys and answers to the program."""
        while not self._over.is_set():
            if not self._keys or self._keys[0][0] > time.monotonic():
                time.sleep(0.001)
                continue
            try:
                self._child.write(self._keys.popleft()[1])
            except OSError:
                return

    # -- the operator -------------------------------------------------------------------------

    def press(self, keys: str) -> float:
        """Presses keys; returns when, in seconds of the monotonic clock."""
        now = time.monotonic()
        self._keys.append((now + self.line.latency, keys.encode()))
        return now

    @property
    def lines(self) -> list[str]:
        """Return the content of the screen."""
        with self._arrived:
            return list(self._screen.display)

    def until(self, seen: Callable[[list[str]], bool], patience: float = PATIENCE) -> float:
        """When the screen was as wanted.

        Raises:
            RuntimeError: It was not.
        """
        end = time.monotonic() + patience
        with self._arrived:
            while not seen(self._screen.display):
                if not self._arrived.wait(max(0.0, end - time.monotonic())):
                    screen = "\n".join(self._screen.display)
                    raise RuntimeError(f"not shown within {patience:.0f} s; the screen:\n{screen}")
            return time.monotonic()

    def shows(self, text: str, patience: float = PATIENCE) -> float:
        """When a text was on the screen."""
        return self.until(lambda lines: any(text in line for line in lines), patience)

    def end(self) -> None:
        """Ends the program and the line."""
        self._over.set()
        self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(timeout=2)
        os.close(self._child.fd)
        self._child.closed = self._child.terminated = True


@contextmanager
def slow_terminal(
    command: list[str],
    line: Line,
    size: tuple[int, int] = (120, 40),
    environment: dict[str, str] | None = None,
) -> Iterator[SlowTerminal]:
    """A program behind a slow line, ended at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-home-", ignore_cleanup_errors=True) as home:
        opened = SlowTerminal(command, Path(home), line, size, environment)
        try:
            yield opened
        finally:
            opened.end()
