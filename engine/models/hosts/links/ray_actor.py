"""A host's process on a node of a Ray cluster: started by an actor, which passes messages on."""

import contextlib
import multiprocessing
import os
import threading
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from engine.models.hosts.spawning import spawning

PARK_SECONDS = 5.0
"""Time after which an exchange is answered even if there is nothing to report."""

SILENCE_SECONDS = 45.0
"""Time without any exchange after which the engine is taken for lost, and the process ends."""

GATHER_SECONDS = 0.001
"""Time in which further reports join the first one: each answer costs a call."""

LINES_KEPT = 20
"""Number of last printed lines that are passed on."""

Answer = tuple[list[bytes], str, int | None]
"""Reports, last printed lines, and the exit code once the process has ended."""


class HostActor:
    """One host's process. Its methods run in threads of the actor, several at once.

    Args:
        options: Instructions to the process: the fields of `WorkerOptions`, as bytes.
    """

    def __init__(self, options: bytes) -> None:
        self._turn = threading.Condition()
        self._next = 0
        self._newest = -1
        self._reports: list[bytes] = []
        self._printed: deque[str] = deque(maxlen=LINES_KEPT)
        self._code: int | None = None
        self._heard = time.monotonic()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._out, out = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(options, theirs, out), daemon=True)
        os.chdir("/")  # nothing is imported from the folder that the node was started in
        with spawning():
            self._process.start()
        theirs.close()
        out.close()
        for work in (self._hear, self._read_printed, self._end_if_alone):
            threading.Thread(target=work, daemon=True).start()

    def exchange(self, number: int, commands: list[bytes]) -> Answer:
        """Pass commands on, and return the reports once there are some.

        Args:
            number: Number of the exchange, from 0: commands are passed on in this order. A newer
                exchange ends the waiting of those before it, and answers alone.
            commands: Messages to the process.
        """
        with self._turn:
            self._heard = time.monotonic()
            self._newest = max(self._newest, number)
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._next == number)
        self._pass_on(commands)
        with self._turn:
            self._next += 1
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._has_answer(number), PARK_SECONDS)
        if self._reports and self._code is None:
            time.sleep(GATHER_SECONDS)
        with self._turn:
            if self._newest > number:
                return [], "", None
            reports, self._reports = self._reports, []
            return reports, "\n".join(self._printed), self._code

    def ping(self) -> None:
        """Answer: the node is alive."""
        self._heard = time.monotonic()

    def kill(self) -> None:
        """Kill the process; an exchange reports how it ended."""
        self._process.kill()

    def _has_answer(self, number: int) -> bool:
        return bool(self._reports) or self._code is not None or self._newest > number

    def _pass_on(self, commands: list[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):  # it has ended: `_hear` reports that
            for command in commands:
                self._pipe.send_bytes(command)

    def _hear(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                report = self._pipe.recv_bytes()
                with self._turn:
                    self._reports.append(report)
                    self._turn.notify_all()
        self._process.kill()  # it may only have closed its pipe
        self._process.join()
        with self._turn:
            code = self._process.exitcode
            self._code = -1 if code is None else code
            self._turn.notify_all()

    def _read_printed(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._out.fileno(), 65536):
                lines = data.decode(errors="replace").splitlines()
                self._printed.extend(line[:2000] for line in lines)

    def _end_if_alone(self) -> None:
        """End with the link and with the node: Ray leaves actors behind if its own part dies."""
        node = os.getppid()
        while os.getppid() == node and time.monotonic() - self._heard < SILENCE_SECONDS:
            time.sleep(1)
        self._process.kill()
        os._exit(1)


def _serve(options: bytes, pipe: "Connection[Any, Any]", out: "Connection[Any, Any]") -> None:
    """Run the host; it ends with the actor. The actor itself does without these imports."""
    from engine.models.hosts import codec
    from engine.models.hosts.messages import WorkerOptions
    from engine.models.hosts.worker import serve

    serve(WorkerOptions(*codec.unpack(options)), pipe, out)
