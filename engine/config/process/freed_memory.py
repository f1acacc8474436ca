"""Freed memory that a process gives back to the system: glibc keeps it otherwise."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

GROWTH = 32 * 1024 * 1024
"""Bytes that a process has to grow by before its memory is looked through again."""


class FreedMemory:
    """Gives memory that a process has freed back to the system.

    A worker that has rendered part of a film held up to 200 MB more than it used. Where the C
    library has no way to do it, or the system does not tell the size of a process, nothing is done.

    Args:
        growth: Bytes that the process has to grow by before it is done again.
    """

    def __init__(self, growth: int = GROWTH) -> None:
        self._size = 0
        self._growth = growth

    def give_back(self) -> None:
        """Give it back, if the process has grown since the last time: else it costs nothing."""
        if resident() > self._size + self._growth and (trim := _trim()) is not None:
            trim(0)
            self._size = resident()


def resident() -> int:
    """Return the bytes of memory that this process holds; 0 if the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@cache
def _trim() -> "Callable[[int], object] | None":
    import ctypes  # not for the first image

    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
