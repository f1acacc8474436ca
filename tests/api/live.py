"""A real server process, for tests that cut connections or kill it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Server:
    """`safelight api` of a workspace on one port, which can be killed and started again."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self, seconds: float = 30) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-P", "-m", "safelight", "api", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, *self._arguments, "--workspace", str(self.root)],
            stdout=subprocess.DEVNULL,
            stderr=(self.root / "server.err").open("ab"),
            env={**os.environ, "SAFELIGHT_API__REQUESTS_PER_MINUTE": "1e9"}
            | {"SAFELIGHT_API__BURST": "1000000"},
        )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz", timeout=5, verify=False)
            except httpx.TransportError:
                assert self._process.poll() is None, (self.root / "server.err").read_text()
                time.sleep(0.02)
            else:
                return
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30)


@contextmanager
def serving(root: Path, *arguments: str) -> Iterator[Server]:
    """Run a server for the length of the context."""
    server = Server(root, *arguments)
    server.start()
    try:
        yield server
    finally:
        server.stop()
