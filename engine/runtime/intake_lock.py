"""A lock between what takes files in and what removes unnamed ones; it ends with its process.

A file is stored before the row that names it. Everything that stores files for rows to come holds
the lock shared until they are committed; `safelight gc` needs it alone.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from db.no_links import open_file
from engine.text.errors import UserError


class IntakeBusy(UserError):
    """Something is being queued, appended or imported."""

    def __init__(self) -> None:
        super().__init__("Something is being queued or imported on this workspace.")


@contextmanager
def taking_in(path: Path) -> Iterator[None]:
    """Protect stored files that no row names yet from removal.

    Args:
        path: The lock file.
    """
    with _opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


@contextmanager
def nothing_taken_in(path: Path) -> Iterator[None]:
    """Keep others from adding files, for a short while.

    Raises:
        IntakeBusy: Some process is adding files.
    """
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeBusy from None
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = open_file(path, os.O_RDWR | os.O_CREAT)
    try:
        yield handle
    finally:
        os.close(handle)
