"""The engine as a process of its own: started detached, stopped by a signal."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from db.errors import LinkFound
from engine.config.paths import WorkspacePaths
from engine.process.safe_imports import engine_command
from engine.runtime.lock import lock_holder
from engine.text.terminal import clean

STOP_SECONDS = 60.0


class EngineProcess:
    """Starts and stops the engine of a workspace.

    Args:
        paths: The workspace's places.
    """

    def __init__(self, paths: WorkspacePaths) -> None:
        self._paths = paths
        self._child: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None

    def start(self) -> str:
        """Starts an engine that outlives this process; returns a sentence about it."""
        if holder := lock_holder(self._paths.lock):
            return f"An engine is already at work: pid {holder[0]} on {holder[1]}."
        if not self._paths.store.exists():
            return "There is nothing to do yet: queue a batch first (n)."
        from engine.config.logs import (
            open_output,  # it knows the settings, which take long to import
        )

        self._log = self._paths.logs / "engine-started-by-dashboard.log"
        root = str(self._paths.root.absolute())
        try:
            output = open_output(self._paths.logs, self._log.name)
        except LinkFound as error:
            return str(error)
        with output as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own program, no shell
                engine_command(["engine", "--workspace", root]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return f"Starting an engine, pid {self._child.pid}. It stays when you leave."

    def failure(self) -> str | None:
        """A sentence about an engine that was started here and has ended with an error."""
        if self._child is None or (code := self._child.poll()) is None:
            return None
        self._child = None
        if code in {0, -signal.SIGTERM, 130, 143}:
            return None
        return f"The engine ended with code {code}. {self._last_line()} More: {self._log}"

    def _last_line(self) -> str:
        try:
            lines = (self._log or Path(os.devnull)).read_bytes()[-4000:].decode(errors="replace")
        except OSError:
            return ""
        said = [line for line in lines.splitlines() if line.strip()]
        return clean(said[-1], 300) if said else ""

    def stop(self) -> str:
        """Asks the engine to stop in good order; returns a sentence about it."""
        holder = lock_holder(self._paths.lock)
        if holder is None:
            return "No engine runs."
        pid, host = holder
        if pid <= 1 or host != socket.gethostname():
            return f"The engine runs on {clean(host, 60)}, pid {pid}; stop it there."
        try:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)  # one that is suspended hears it only when it is woken
        except ProcessLookupError:
            return "The engine has just ended."
        except PermissionError:
            return f"The engine, pid {pid}, is another user's; ask them to stop it."
        return f"Stopping the engine, pid {pid}: calls in flight may end first."

    def restart(self) -> str:
        """Stops the engine, waits until it is gone, and starts another."""
        said = self.stop()
        deadline = time.monotonic() + STOP_SECONDS
        while lock_holder(self._paths.lock):
            if time.monotonic() > deadline:
                return f"{said} It has not ended after {STOP_SECONDS:.0f} s; try again later."
            if self._child is not None:
                self._child.poll()
            time.sleep(0.1)
        return self.start()
