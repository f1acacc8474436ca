"""A viewer or a player as a process: silent, apart from this terminal, and stopped with its own."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from engine.client.opening.errors import CannotOpen
from engine.client.opening.programs import Program

STOP_SECONDS = 1.0
"""Time that a player has to end by itself, in seconds."""


class RunningProgram:
    """A program that shows or plays a file. It never reads from or writes to this terminal.

    Args:
        program: The program.
        path: The file, an absolute path.
        start: Seconds at which a player is to start.

    Attributes:
        program: The same.
        path: The same.
        start: Seconds at which it has started: 0 for a program that cannot.

    Raises:
        CannotOpen: It cannot be started.
    """

    def __init__(self, program: Program, path: Path, start: float = 0.0) -> None:
        self.program = program
        self.path = path
        self.start = start if program.seek else 0.0
        self._is_stopped = False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a known program, an absolute path
                program.on(path, start),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=path.parent,
                start_new_session=True,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise CannotOpen(
                f"{program.name} cannot be started: {reason}. The file: {path}"
            ) from None

    @property
    def is_running(self) -> bool:
        """True while it runs."""
        return self._process.poll() is None

    def wait(self) -> str:
        """Wait for its end; return a sentence if it failed, else nothing."""
        status = self._process.wait()
        if status == 0 or self._is_stopped:
            return ""
        return f"{self.program.name} could not open it (status {status}). The file: {self.path}"

    def stop(self) -> None:
        """End it, and all processes that it has started."""
        self._is_stopped = True
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.is_running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
