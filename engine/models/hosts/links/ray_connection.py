"""The engine's end of the process that is connected to a Ray cluster."""

import asyncio
import atexit
import contextlib
import logging
import queue
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from engine.models.hosts import codec
from engine.models.hosts.links.ray_address import ray_environment

log = logging.getLogger(__name__)

CLOSE_SECONDS = 6.0
"""Time that the process has to leave the cluster by itself."""

LINES_KEPT = 20

Message = tuple[Any, ...]


class RayConnection:
    """One process that is connected to one cluster; a lost one is replaced by another.

    Args:
        address: Address without the scheme.
        on_message: Called in the event loop with each of its messages.
        on_end: Called in the event loop once if it ends, or says what it may not, before `close`.
    """

    def __init__(
        self, address: str, on_message: Callable[[Message], None], on_end: Callable[[str], None]
    ) -> None:
        self._on_message, self._on_end = on_message, on_end
        self._loop = asyncio.get_running_loop()
        self._outbox: queue.SimpleQueue[Callable[[], bytes] | None] = queue.SimpleQueue()
        self._printed: deque[str] = deque(maxlen=LINES_KEPT)
        self._closed = False
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _started(address, theirs.fileno())
            self._pipe: Connection[Any, Any] = Connection(ours.detach())
        atexit.register(self._process.kill)
        for work in (self._hear, self._speak, self._read_printed):
            threading.Thread(target=work, name=f"ray {address}", daemon=True).start()

    @property
    def last_words(self) -> str:
        """Last lines that the process printed."""
        return "\n".join(self._printed)

    def send(self, *message: Any) -> None:
        """Send a message of plain data soon."""
        self.send_later(lambda: message)

    def send_later(self, message: Callable[[], Message]) -> None:
        """Send a message that is put together by the thread that sends it."""
        self._outbox.put(lambda: codec.pack(message()))

    def close(self) -> None:
        """Leave the cluster; neither callback is called afterwards."""
        self._closed = True
        self.send("leave")
        self._outbox.put(None)
        timer = threading.Timer(CLOSE_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()

    def _speak(self) -> None:
        while (data := self._outbox.get()) is not None:
            try:
                self._pipe.send_bytes(data())
            except (OSError, ValueError):
                return  # it has ended; `_hear` says so

    def _hear(self) -> None:
        words = "the connection to the cluster has ended"
        try:
            while True:
                self._post(self._on_message, codec.unpack(self._pipe.recv_bytes()))
        except codec.NotPlainData as error:
            words = f"it says what no process of ours says: {error}"
        except (EOFError, OSError):
            pass
        self._process.kill()
        self._process.wait()
        atexit.unregister(self._process.kill)
        self._outbox.put(None)
        self._post(self._on_end, words)

    def _read_printed(self) -> None:
        for line in self._process.stderr or ():
            self._printed.append(line.decode(errors="replace").rstrip()[:2000])

    def _post(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._unless_closed, function, *args)

    def _unless_closed(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            function(*args)


def _started(address: str, descriptor: int) -> "subprocess.Popen[bytes]":
    module = "engine.models.hosts.links.ray_bridge"
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", module, address, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        cwd="/",
        env=ray_environment(),
        start_new_session=True,
    )
