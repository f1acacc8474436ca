"""The engine as a separate process: started detached, stopped by a signal.

Light on purpose: the dashboard asks once a second who holds the workspace.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engine.client.suspended import is_suspended
from engine.config.paths import WorkspacePaths
from engine.runtime.lock import WorkspaceBusy, lock_holder
from engine.text.errors import UserError
from engine.text.terminal import clean

Holder = tuple[int, str]
"""Pid and host of an engine."""

STOP_SECONDS = 120.0
"""Seconds that a stopping engine may take for its last calls."""

_POLL_SECONDS = 0.1
_ORDERLY = {0, -signal.SIGTERM, 130, 143}
"""Exit codes of an engine that was stopped."""


def engine_holder(paths: WorkspacePaths) -> Holder | None:
    """Return pid and host of the engine that runs on a workspace; None if there is none."""
    return lock_holder(paths.lock)


def is_stopped(holder: Holder | None) -> bool:
    """Return whether an engine is stopped by a signal; False if that cannot be known here."""
    return is_suspended(holder)


def suspended_holder(paths: WorkspacePaths) -> Holder | None:
    """Return pid and host of an engine that holds the workspace and is stopped by a signal."""
    holder = lock_holder(paths.lock)
    return holder if is_suspended(holder) else None


def engine_command(arguments: Sequence[str]) -> list[str]:
    """Return the command that runs Safelight's command line in a separate process."""
    return [sys.executable, "-P", "-m", "safelight", *arguments]


class EngineProcess:
    """Starts and stops the engine of a workspace.

    Args:
        paths: Folders of the workspace.
        output: Name of the file in the folder of logs that takes what a started engine prints.
    """

    def __init__(self, paths: WorkspacePaths, output: str = "engine.out") -> None:
        self._paths = paths
        self._output = output
        self._child: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    def start(self, *, until_idle: bool = False) -> int:
        """Start an engine that outlives this process; return its pid.

        Args:
            until_idle: End the engine when there is nothing left to do.

        Raises:
            WorkspaceBusy: An engine is already at work.
            StoreError: The file for its output is a link.
        """
        from engine.client.logs import open_output  # it knows the settings: 100 ms of imports

        if holder := engine_holder(self._paths):
            raise WorkspaceBusy(*holder)
        self._log = self._paths.logs / self._output
        command = engine_command(["engine", "--workspace", str(self._paths.root.absolute())])
        with open_output(self._paths.logs, self._output) as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [*command, "--until-idle"] if until_idle else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._child.pid

    def stop(self) -> Holder:
        """Tell the engine to stop in good order; return its pid and host.

        Raises:
            UserError: No engine runs here, or it is another user's.
        """
        holder = engine_holder(self._paths)
        if holder is None:
            raise UserError("No engine runs on this workspace.")
        pid, host = holder
        if pid <= 1 or host != socket.gethostname():
            raise UserError(f"The engine runs on {clean(host, 60)} with pid {pid}; stop it there.")
        try:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)  # one that is suspended hears it only when it is woken
        except ProcessLookupError:
            pass  # it has just ended
        except PermissionError:
            raise UserError(
                f"The engine, pid {pid}, is another user's.", remedy="Ask them to stop it."
            ) from None
        return holder

    def wait_until_gone(self, holder: Holder) -> None:
        """Wait until a stopping engine has ended.

        Raises:
            UserError: It is still at its last calls.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while engine_holder(self._paths) == holder:
            if time.monotonic() > deadline:
                raise UserError(
                    f"The engine (pid {holder[0]}) is still at its last calls.",
                    remedy="Wait, or kill it.",
                )
            if self._child is not None:
                self._child.poll()
            time.sleep(_POLL_SECONDS)

    def restart(self) -> int:
        """Stop the engine if one runs, wait until it is gone, and start another; return its pid.

        Raises:
            UserError: As for `stop`, `wait_until_gone` and `start`.
        """
        if engine_holder(self._paths) is not None:
            self.wait_until_gone(self.stop())
        return self.start()

    def failure(self) -> str | None:
        """Return a sentence about an engine that was started here and has ended with an error."""
        if self._child is None or (code := self._child.poll()) is None:
            return None
        self._child = None
        if code in _ORDERLY:
            return None
        if code < 0:  # it had no time for a last line
            name = _signal_name(-code)
            return f"The engine was killed by {name}; the next one continues. Log: {self._log}"
        return f"The engine ended with code {code}. {self._last_line()} More: {self._log}"

    def _last_line(self) -> str:
        try:
            lines = (self._log or Path(os.devnull)).read_bytes()[-4000:].decode(errors="replace")
        except OSError:
            return ""
        printed = [line for line in lines.splitlines() if line.strip()]
        return clean(printed[-1], 300) if printed else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
