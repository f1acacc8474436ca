"""A file with something put between its bytes, read as if it were one file; nothing is copied."""

import io
from collections.abc import Sequence
from typing import Any, BinaryIO


class Spliced(io.RawIOBase):
    """Parts one after another: bytes, and ranges of an open file.

    Args:
        file: The file; it is closed with this.
        parts: Bytes, or the start and the end of a range of the file.
    """

    def __init__(self, file: BinaryIO, parts: Sequence[bytes | tuple[int, int]]) -> None:
        self._file, self._parts = file, parts
        self._starts, total = list[int](), 0
        for part in parts:
            self._starts.append(total)
            total += len(part) if isinstance(part, bytes) else part[1] - part[0]
        self._size, self._position = total, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the place."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes into a buffer; return their number, 0 at the end."""
        view = memoryview(buffer).cast("B")
        piece = self._next(len(view)) if len(view) and self._position < self._size else b""
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _next(self, size: int) -> bytes:
        """Return some of the next bytes, at most so many: those of one part."""
        number = max(n for n, start in enumerate(self._starts) if start <= self._position)
        part, inside = self._parts[number], self._position - self._starts[number]
        if isinstance(part, bytes):
            return part[inside : inside + size]
        start, end = part[0] + inside, part[1]
        self._file.seek(start)
        data = self._file.read(min(size, end - start))
        if not data:
            raise OSError("a file became shorter while it was read")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()
