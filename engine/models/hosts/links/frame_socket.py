"""A socket to a process on this machine: small messages pass at once, large ones by a thread.

A thread costs more than a small message: its turn, and that of whoever waits for it, take longer
than the message needs. So what is small is written and read where it is needed. What is large, or
has to wait because the other side does not read, does not hold up the event loop.
"""

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable

from engine.models.hosts.links.frames import write_frame
from engine.models.hosts.sending import LENGTH, SMALL, send_at_once

_AT_ONCE = socket.MSG_DONTWAIT


class FrameWriter:
    """Send frames in order, from the event loop or from a thread of its own.

    Args:
        connection: The socket.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], bytes] | memoryview] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    def send(self, size: int, pack: Callable[[], bytes]) -> None:
        """Send a frame: now if it is small and the socket takes it, else soon.

        Args:
            size: Its size, about.
            pack: Returns it.
        """
        with self._changed:
            if self._waiting or size >= SMALL or not self._is_sent(pack()):
                self._waiting.append(pack)
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._send_waiting, daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Send nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _is_sent(self, data: bytes) -> bool:
        try:
            rest = send_at_once(self._socket, data)
        except OSError:
            return True  # it has ended; whoever reads from it sees that
        if rest:
            self._waiting.append(rest)
        return rest is not None

    def _send_waiting(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                first = self._waiting[0]
            try:
                self._send_all(first)
            except OSError:
                return
            with self._changed:
                self._waiting.popleft()

    def _send_all(self, frame: Callable[[], bytes] | memoryview) -> None:
        if isinstance(frame, memoryview):
            self._socket.sendall(frame)
            return
        write_frame(self._socket.fileno(), frame())


class FrameReader:
    """Read frames in the event loop, large ones in a thread.

    Args:
        connection: The socket.
        take: Called with each frame, in their order, in the event loop or in a thread; returns a
            function to be called in the event loop, None if nothing more is to be read.
    """

    def __init__(
        self,
        connection: socket.socket,
        take: Callable[[bytearray], Callable[[], None] | None],
    ) -> None:
        self._socket = connection
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._parts = bytearray()
        self._thread: threading.Thread | None = None
        self._is_over = self._is_stopped = False
        self._loop.add_reader(connection, self._read)

    def stop(self) -> None:
        """Read nothing any more in the event loop; called there."""
        self._is_stopped = True
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.remove_reader(self._socket)

    def finish(self) -> None:
        """Read what is left, after `stop`; called in a thread once the other side has ended."""
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(OSError):
            while not self._is_over and (data := self._socket.recv(SMALL, _AT_ONCE)):
                self._parts += data
                self._cut(self._loop.call_soon_threadsafe)

    def _read(self) -> None:
        try:
            data = self._socket.recv(SMALL, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._parts += data
        self._cut(self._loop.call_soon)
        if not data or self._is_over:
            self.stop()
        elif self._length() >= SMALL:
            self._loop.remove_reader(self._socket)
            self._thread = threading.Thread(target=self._read_large, daemon=True)
            self._thread.start()

    def _read_large(self) -> None:
        """Read the rest of a frame, then let the event loop continue."""
        frame, begun = bytearray(self._length()), len(self._parts) - LENGTH.size
        frame[:begun] = memoryview(self._parts)[LENGTH.size :]
        self._parts = bytearray()
        left = memoryview(frame)[begun:]
        while left:
            try:
                count = self._socket.recv_into(left)
            except OSError:
                count = 0
            if not count:
                self._is_over = True
                return
            left = left[count:]
        post = self._loop.call_soon_threadsafe
        self._pass_on(frame, post)
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            post(self._continue)

    def _continue(self) -> None:
        if not (self._is_stopped or self._is_over):
            self._loop.add_reader(self._socket, self._read)

    def _cut(self, post: Callable[..., object]) -> None:
        """Pass on the frames that are complete."""
        while not self._is_over and len(self._parts) >= LENGTH.size:
            end = LENGTH.size + self._length()
            if len(self._parts) < end:
                return
            frame = self._parts[LENGTH.size : end]
            del self._parts[:end]
            self._pass_on(frame, post)

    def _length(self) -> int:
        """Return the length of the frame that has begun to come; 0 if it is not known."""
        return LENGTH.unpack_from(self._parts)[0] if len(self._parts) >= LENGTH.size else 0

    def _pass_on(self, frame: bytearray, post: Callable[..., object]) -> None:
        function = self._take(frame)
        if function is None:
            self._is_over = True
            return
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            post(function)
