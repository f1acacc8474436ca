"""Commands on their way to another machine: small ones pass between the pieces of large ones."""

import threading
from collections import deque
from collections.abc import Callable

from engine.models.hosts import codec, messages
from engine.models.hosts.far_messages import AskBlobs, FarCommand, MissingBlobs, Ping
from engine.models.hosts.links.blobs import pieces, without_blobs


class Outbox:
    """Send commands in order, from a thread of its own.

    Args:
        write: Sends the bytes of one message; waits until they are taken.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._commands: deque[FarCommand] = deque()
        self._urgent: deque[FarCommand] = deque()
        self._missing: MissingBlobs | None = None
        self._closed = False

    def put(self, command: FarCommand) -> None:
        """Send a command, after those before it; a ping or a cancellation before all others."""
        with self._changed:
            urgent = isinstance(command, Ping | messages.CancelTask)
            (self._urgent if urgent else self._commands).append(command)
            self._changed.notify()

    def answer(self, missing: MissingBlobs) -> None:
        """Take the answer to a question about large bytes."""
        with self._changed:
            self._missing = missing
            self._changed.notify()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def run(self) -> None:
        """Send until it is closed, or nobody takes what is sent."""
        try:
            while (command := self._next()) is not None:
                if isinstance(command, messages.RunBatch):
                    self._send_batch(command)
                else:
                    self._send(command)
        except OSError:
            return  # whoever reads from it sees its end

    def _next(self) -> FarCommand | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._urgent or self._commands)
            if self._closed:
                return None
            return (self._urgent or self._commands).popleft()

    def _send(self, command: FarCommand) -> None:
        self._write(codec.pack_message(command))

    def _send_batch(self, run: messages.RunBatch) -> None:
        """Send a batch, after those of its large bytes that are not there."""
        blobs: dict[bytes, bytes] = {}
        payloads = tuple(without_blobs(data, blobs) for data in run.payloads)
        if blobs:
            self._send(AskBlobs(run.number, tuple(blobs)))
            for digest in self._wait_for_missing(run.number):
                if (data := blobs.get(digest)) is None:
                    raise OSError("it lacks what was not asked about")
                for piece in pieces(run.number, digest, data):
                    self._send_urgent()
                    self._send(piece)
        self._send(messages.RunBatch(run.number, run.key, run.operation, payloads, run.expected))

    def _wait_for_missing(self, number: int) -> tuple[bytes, ...]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._urgent or self._missing)
                if self._closed:
                    raise BrokenPipeError
                if self._missing is not None:
                    missing, self._missing = self._missing, None
                    if missing.number == number:
                        return tuple(dict.fromkeys(missing.digests))
            self._send_urgent()

    def _send_urgent(self) -> None:
        while self._urgent:
            self._send(self._urgent.popleft())
        if self._closed:
            raise BrokenPipeError
