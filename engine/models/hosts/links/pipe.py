"""Link to a host on this machine: a child process, and the pipes to it."""

import asyncio
import atexit
import contextlib
import logging
import multiprocessing
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from engine.models.hosts import codec, messages
from engine.models.hosts.links.checks import ReportCheck
from engine.models.hosts.links.link import LinkEnd, OnEnd, OnReport
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.spawning import spawning
from engine.models.hosts.worker import serve

log = logging.getLogger(__name__)

LINES_KEPT = 20
"""Number of last printed lines of a process kept for the log if it dies."""


class PipeLink:
    """One process; it is replaced by a new one if it ends.

    Args:
        options: Instructions to it.
        on_report: Called in the event loop with each of its reports.
        on_end: Called in the event loop once it has ended.
    """

    def __init__(
        self,
        options: WorkerOptions,
        on_report: OnReport,
        on_end: OnEnd,
    ) -> None:
        self._on_report = on_report
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._outbox: queue.SimpleQueue[messages.HostCommand | None] = queue.SimpleQueue()
        self._printed: deque[str] = deque(maxlen=LINES_KEPT)
        self._check = ReportCheck()
        self._closed = False
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._out, out = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve, args=(options, theirs, out), name=f"host {options.device}", daemon=True
        )
        with spawning():
            self._process.start()
        # multiprocessing signals daemons to end and waits for them; this one ignores the signal.
        atexit.register(self._process.kill)
        theirs.close()
        out.close()
        for work in (self._hear, self._speak):
            threading.Thread(target=work, name=self._process.name, daemon=True).start()

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid or 0

    @property
    def last_words(self) -> str:
        """Return the last lines that it printed."""
        return "\n".join(self._printed)

    def send(self, command: messages.HostCommand) -> None:
        """Send a command; large ones do not block the engine."""
        self._check.sent(command)
        self._outbox.put(command)

    def kill(self) -> None:
        """Kill the process at once, whatever it does; `on_end` follows."""
        self._process.kill()

    def close(self) -> None:
        """End the process; neither callback is called afterwards."""
        self._closed = True
        self._outbox.put(None)
        self._process.kill()

    def _speak(self) -> None:
        while (command := self._outbox.get()) is not None:
            try:
                self._pipe.send_bytes(codec.pack_message(command))
            except (OSError, ValueError):
                return  # it has ended; `_hear` says so

    def _hear(self) -> None:
        sentinel, heard = self._process.sentinel, [self._pipe, self._out]
        while True:
            ready = wait([*heard, sentinel])
            for connection in [c for c in heard if c in ready]:
                if not self._take_from(connection):
                    heard.remove(connection)
            if ready == [sentinel] or not (heard or sentinel in ready):
                break
        self._process.join()
        atexit.unregister(self._process.kill)
        code = self._process.exitcode
        for connection in (self._pipe, self._out):
            connection.close()
        self._outbox.put(None)
        self._post(self._on_end, LinkEnd.of(-1 if code is None else code))

    def _take_from(self, connection: "Connection[Any, Any]") -> bool:
        """Read the available reports; return whether more may come."""
        try:
            if connection is self._out:
                data = os.read(connection.fileno(), 65536)
                self._printed += data.decode(errors="replace").splitlines()
                return bool(data)
            data = connection.recv_bytes()
        except (EOFError, OSError):
            return False
        try:
            report = codec.unpack_report(data)
            if self._check.passes(report):
                self._post(self._on_report, report)
        except codec.NotPlainData as error:
            log.error("%s says what no host of ours says: %s", self._process.name, error)  # noqa: TRY400
            self._process.kill()
            return False
        return True

    def _post(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop has been closed
                self._loop.call_soon_threadsafe(self._unless_closed, function, *args)

    def _unless_closed(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            function(*args)
