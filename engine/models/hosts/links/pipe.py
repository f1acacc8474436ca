"""Link to a host on this machine: a child process, and the socket to it."""

import asyncio
import atexit
import contextlib
import logging
import multiprocessing
import os
import socket
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from engine.models.hosts import codec, messages
from engine.models.hosts.links.checks import ReportCheck
from engine.models.hosts.links.frame_socket import FrameReader, FrameWriter
from engine.models.hosts.links.link import LinkEnd, OnEnd, OnReport
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.spawning import spawning
from engine.models.hosts.worker import serve

log = logging.getLogger(__name__)

LINES_KEPT = 20
"""Number of last printed lines of a process kept for the log if it dies."""

PRINT_SECONDS = 1.0
"""Time in which the last printed lines of a dead process are waited for."""


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
        self._printed: deque[str] = deque(maxlen=LINES_KEPT)
        self._check = ReportCheck()
        self._closed = self._is_finishing = False
        context = multiprocessing.get_context("spawn")
        self._socket, end = socket.socketpair()
        theirs: Connection[Any, Any] = Connection(end.detach())
        out, theirs_out = context.Pipe(duplex=False)
        self._process = context.Process(
            target=serve,
            args=(options, theirs, theirs_out),
            name=f"host {options.device}",
            daemon=True,
        )
        with spawning():
            self._process.start()
        # multiprocessing signals daemons to end and waits for them; this one ignores the signal.
        atexit.register(self._process.kill)
        theirs.close()
        theirs_out.close()
        self._printing = self._thread(self._keep_printed, out)
        self._writer = FrameWriter(self._socket)
        self._reader = FrameReader(self._socket, self._take)
        self._loop.add_reader(self._process.sentinel, self._finish)

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
        payloads = command.payloads if isinstance(command, messages.RunBatch) else ()
        self._writer.send(sum(map(len, payloads)), partial(codec.pack_message, command))

    def kill(self) -> None:
        """Kill the process at once, whatever it does; `on_end` follows."""
        self._process.kill()

    def close(self) -> None:
        """End the process; neither callback is called afterwards."""
        self._closed = True
        self._process.kill()
        self._finish()

    def _take(self, frame: bytearray) -> Callable[[], None] | None:
        """Return what passes on a report; None if no host of ours says it."""
        try:
            report = codec.unpack_report(frame)
            if self._check.passes(report):
                return partial(self._unless_closed, self._on_report, report)
        except codec.NotPlainData as error:
            log.error("%s says what no host of ours says: %s", self._process.name, error)  # noqa: TRY400
            self._process.kill()
            return None
        return _nothing

    def _finish(self) -> None:
        """Wait in a thread until the process is gone, and pass on its last reports."""
        if self._is_finishing:
            return
        self._is_finishing = True
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.remove_reader(self._process.sentinel)
        self._reader.stop()
        self._writer.close()
        self._thread(self._end)

    def _end(self) -> None:
        self._process.join()
        atexit.unregister(self._process.kill)
        self._reader.finish()
        self._socket.close()
        self._printing.join(PRINT_SECONDS)
        code = self._process.exitcode
        end = LinkEnd.of(-1 if code is None else code)
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._unless_closed, self._on_end, end)

    def _thread(self, work: Callable[..., None], *args: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=args, name=self._process.name, daemon=True)
        thread.start()
        return thread

    def _keep_printed(self, out: "Connection[Any, Any]") -> None:
        with out, contextlib.suppress(OSError):
            while data := os.read(out.fileno(), 65536):
                self._printed += data.decode(errors="replace").splitlines()

    def _unless_closed(self, function: Callable[..., None], *args: Any) -> None:
        if not self._closed:
            function(*args)


def _nothing() -> None:
    """Do nothing."""
