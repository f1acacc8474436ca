"""Keeping the cache of an object store's files within its size."""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from db.no_links import open_file
from engine.contract import StepError

USED_SECONDS = 600.0
"""Time for which a file stays after it was used: a reader may have its path, not yet opened."""

LEAVES = 0.9
"""Share of its size that a cache has after it was trimmed."""

_AT_ONCE = 16
_STEPS = 20
"""Looks at the cache while as much is added to it as it may hold."""


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file of the cache: its path, bytes, and when it was last used."""

    path: Path
    size: int
    used: float

    @property
    def hash(self) -> str:
        """Its hash."""
        return self.path.parent.name + self.path.name


class Trimmer:
    """Removes files from a cache.

    Args:
        folder: The cache.
        limit: Its size in bytes.
        size_there: Returns the size of a file as the object store has it; None if it has none.
    """

    def __init__(self, folder: Path, limit: int, size_there: Callable[[str], int | None]) -> None:
        self._folder = folder
        self._limit = limit
        self._size_there = size_there
        self._lock = threading.Lock()
        self._added = limit  # so that the first file looks

    def added(self, size: int) -> None:
        """Note bytes that have come into the cache; trim it once there are many."""
        self._added += size
        if self._added * _STEPS >= self._limit and self._lock.acquire(blocking=False):
            try:
                self._added = 0
                with contextlib.suppress(OSError, StepError):  # until the next time
                    self.trim()
            finally:
                self._lock.release()

    def trim(self) -> int:
        """Remove what was used the longest ago, if the object store has it; return the bytes."""
        with _alone(self._folder) as is_alone:
            if not is_alone:
                return 0
            files = list(cached_files(self._folder))
            over = sum(file.size for file in files) - self._limit
            if over <= 0:
                return 0
            over += round(self._limit * (1 - LEAVES))
            return self._remove(sorted(files, key=lambda file: file.used), over)

    def _remove(self, files: list[CachedFile], over: int) -> int:
        before, freed = time.time() - USED_SECONDS, 0
        old = [file for file in files if file.used < before]
        with ThreadPoolExecutor(_AT_ONCE, "trim") as pool:
            for start in range(0, len(old), _AT_ONCE):
                some = old[start : start + _AT_ONCE]
                for file, is_there in zip(some, pool.map(self._is_there, some), strict=True):
                    if is_there and freed < over:
                        with contextlib.suppress(FileNotFoundError):
                            file.path.unlink()
                            freed += file.size
                if freed >= over:
                    break
        return freed

    def _is_there(self, file: CachedFile) -> bool:
        return self._size_there(file.hash) == file.size


def cached_files(folder: Path) -> Iterator[CachedFile]:
    """Yield the stored files of a folder that take room by themselves.

    A file that is linked from `outputs/` takes its room there, and removing it here frees none.
    """
    for place in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        if place.is_symlink() or not place.is_dir():
            continue
        with os.scandir(place) as entries:
            for entry in entries:
                if len(entry.name) == 62 and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    if status.st_nlink == 1:
                        used = max(status.st_atime, status.st_mtime)
                        yield CachedFile(Path(entry.path), status.st_size, used)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Hold the cache's lock, if no other process trims it."""
    folder.mkdir(exist_ok=True, mode=0o700)
    handle = open_file(folder / "trim.lock", os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
