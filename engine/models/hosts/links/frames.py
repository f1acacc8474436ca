"""Frames on a stream of bytes: a length of four bytes, then that many bytes."""

import os
from collections.abc import Callable, Iterator

from engine.models.hosts.sending import LENGTH, SMALL, framed

START = b"\x00safelight-link\x00"
"""Precedes the far side's first frame: a shell may print before it."""

MAX_NOISE = 64 * 1024
"""Maximum bytes that a shell may print before `START`."""


class BrokenFrame(Exception):
    """A frame is larger than allowed, or the stream does not begin as it should."""


class FrameReader:
    """Cut received bytes into frames.

    Args:
        limit: Maximum size of a frame in bytes.
        starts: True to skip what comes before `START`.

    Attributes:
        noise: What came before `START`.
    """

    def __init__(self, limit: int, *, starts: bool = False) -> None:
        self.noise = b""
        self._limit = limit
        self._starts = starts
        self._parts = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames that are complete with some more bytes.

        Raises:
            BrokenFrame: There is no frame, or it is too large.
        """
        self._parts += data
        if self._starts and not self._skip_noise():
            return
        while len(self._parts) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._parts)
            if length > self._limit:
                raise BrokenFrame(f"a message has {length} bytes")
            end = LENGTH.size + length
            if len(self._parts) < end:
                return
            frame = bytes(memoryview(self._parts)[LENGTH.size : end])
            del self._parts[:end]
            yield frame

    def _skip_noise(self) -> bool:
        before, start, after = bytes(self._parts).partition(START)
        self.noise = before[:MAX_NOISE]
        if not start:
            if len(before) > MAX_NOISE:
                raise BrokenFrame("it prints without end")
            return False
        self._starts, self._parts = False, bytearray(after)
        return True


def write_frame(descriptor: int, data: bytes) -> None:
    """Write a frame to a blocking descriptor.

    Raises:
        OSError: Nobody reads it.
    """
    if len(data) < SMALL:
        _write(descriptor, framed(data) + data)
        return
    _write(descriptor, framed(data))
    _write(descriptor, data)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read_frames(descriptor: int, limit: int, heard: Callable[[], None]) -> Iterator[bytes]:
    """Yield the frames of a blocking descriptor until it ends.

    Args:
        descriptor: The descriptor.
        limit: Maximum size of a frame in bytes.
        heard: Called with whatever arrives.

    Raises:
        BrokenFrame: One is too large.
    """
    reader = FrameReader(limit)
    while data := os.read(descriptor, 1 << 18):
        heard()
        yield from reader.feed(data)
