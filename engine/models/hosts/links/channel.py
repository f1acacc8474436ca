"""A process on another machine through the user's own `ssh`: its frames, and how it ended.

The `ssh` of the user and not a library: agents, hardware keys, configuration, known hosts, jump
hosts and shared connections work as they do by hand, nothing has to be installed, and encryption
runs outside the engine's process.
"""

import contextlib
import os
import re
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from engine.models.hosts import codec
from engine.models.hosts.far_messages import FarReport
from engine.models.hosts.links.far_end import MAX_REPORT
from engine.models.hosts.links.frames import FrameReader, write_frame
from engine.text.terminal import clean

LINES_KEPT = 20
"""Number of last lines on the standard error that are kept."""

_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|HEADERS", re.IGNORECASE)
_NOT_SECRET = re.compile(r"^(SSH_|AWS_|KRB5)")  # needed by agents and proxy commands
_END_SECONDS = 5.0


class Silence(Exception):
    """Nothing was heard for too long."""


class Channel:
    """One process of `ssh`, and its standard streams. Used from threads.

    Args:
        command: The command line.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._printed: deque[str] = deque(maxlen=LINES_KEPT)
        self._reader = FrameReader(MAX_REPORT, starts=True)
        self._killed = False
        self._guard = threading.Lock()
        self._printing: threading.Thread | None = None

    def start(self) -> None:
        """Start it, unless it has been killed.

        Raises:
            OSError: There is no such program.
        """
        with self._guard:
            if self._killed:
                return
            self._process = subprocess.Popen(  # noqa: S603 - no shell; names are checked
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the engine
            )
        self._printing = threading.Thread(target=self._keep_printed, daemon=True)
        self._printing.start()

    @property
    def last_words(self) -> str:
        """Last lines of its standard error, as they came."""
        noise = self._reader.noise.decode(errors="replace").splitlines()[-LINES_KEPT:]
        return "\n".join([*noise, *self._printed])

    def send(self, data: bytes) -> None:
        """Send a frame; waits until it is taken.

        Raises:
            OSError: The process has ended.
        """
        process = self._process
        if process is None or process.stdin is None:
            raise BrokenPipeError
        try:
            write_frame(process.stdin.fileno(), data)
        except ValueError as error:  # closed
            raise BrokenPipeError from error

    def reports(
        self, limit: Callable[[], float], tick: Callable[[], None] = lambda: None
    ) -> Iterator[FarReport]:
        """Yield reports until the process ends.

        Args:
            limit: Returns the seconds that it may be silent now.
            tick: Called several times in that time.

        Raises:
            Silence: Nothing was heard for too long.
            BrokenFrame: It sends what is not a frame.
            NotPlainData: It sends what is not a report.
        """
        process = self._process
        if process is None or process.stdout is None:
            return
        descriptor, heard = process.stdout.fileno(), time.monotonic()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while True:
            seconds = limit()
            if time.monotonic() - heard > seconds:
                raise Silence(f"no answer for {seconds:g} s")
            tick()
            if not poll.poll(max(10.0, seconds * 1000 / 5)):
                continue
            data = os.read(descriptor, 1 << 18)
            if not data:
                return
            heard = time.monotonic()
            for frame in self._reader.feed(data):
                yield codec.unpack_far_report(frame)

    def kill(self) -> None:
        """End the process of `ssh`; the far side ends with its link."""
        with self._guard:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    def end(self, *, at_once: bool) -> int:
        """Wait a little for its end, then kill it; return its exit code."""
        if self._process is None:
            return 255
        if not at_once:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
        self._process.kill()
        code = self._process.wait()
        if self._printing is not None:
            self._printing.join(1)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        return code

    def _keep_printed(self) -> None:
        process = self._process
        if process is None or process.stderr is None:
            return
        descriptor, rest = process.stderr.fileno(), b""
        with process.stderr, contextlib.suppress(OSError):
            while data := os.read(descriptor, 1 << 16):
                *lines, rest = (rest + data).split(b"\n")
                rest = rest[-4096:]
                self._printed += (clean(line.decode(errors="replace"), 1000) for line in lines)
            if rest:
                self._printed.append(clean(rest.decode(errors="replace"), 1000))


def _environment() -> dict[str, str]:
    """Return the environment without keys: a configuration of ssh may send variables on."""
    return {
        name: value
        for name, value in os.environ.items()
        if _NOT_SECRET.match(name) or not _SECRET.search(name)
    }
