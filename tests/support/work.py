"""Work for a pool of processes: module-level functions of plain data."""

import os
import signal
import time
from pathlib import Path
from typing import BinaryIO

from engine.config.process.freed_memory import resident


def pid() -> int:
    """Return the number of this process."""
    return os.getpid()


def wait_and_tell(path: str) -> None:
    """Writes which process this is to a file, and stays at work."""
    _tell(path)
    time.sleep(3600)


def tell_and_wait_for(path: str, other: str) -> int:
    """Writes which process this is to a file, and works until there is another file."""
    _tell(path)
    while not Path(other).exists():
        time.sleep(0.01)
    return os.getpid()


def _tell(path: str) -> None:
    written = Path(f"{path}.new")
    written.write_text(str(os.getpid()))
    written.replace(path)


def die() -> None:
    """Ends its process as a want of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def threads() -> str | None:
    """Return the number of threads that a numeric library may use here."""
    return os.environ.get("OMP_NUM_THREADS")


def first_bytes(stream: BinaryIO, count: int) -> bytes:
    """Return the first bytes of an open stream."""
    return stream.read(count)


class Unreadable(Exception):
    """An error that can be pickled and not unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def fail_unreadably() -> None:
    """Raises an error that no other process can read."""
    raise Unreadable("one", "two")


def free_beneath(size: int) -> int:
    """Frees all of that many bytes but the last ones, below which a C library keeps them.

    Returns the memory of this process in bytes, while it still has all.
    """
    blocks = [bytes(4096) for _ in range(size // 4096)]
    _last.append(blocks[-1])
    return resident()


_last: list[bytes] = []
