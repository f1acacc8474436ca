"""Small frames sent without waiting; a frame is a length of four bytes, then that many bytes."""

import socket
import struct

SMALL = 1 << 16
"""Bytes of a frame that is sent at once, with its head."""

LENGTH = struct.Struct(">I")
"""Head of a frame: the number of its bytes."""


def framed(data: bytes) -> bytes:
    """Return the head of a frame, to be sent before its bytes."""
    return LENGTH.pack(len(data))


def send_at_once(connection: socket.socket, data: bytes) -> memoryview | None:
    """Send a small frame without waiting; return what is left of it, None if nothing was sent.

    Raises:
        OSError: Nobody reads it.
    """
    frame = memoryview(framed(data) + data)
    try:
        return frame[connection.send(frame, socket.MSG_DONTWAIT) :]
    except BlockingIOError:
        return None
