"""One engine per workspace: a lock that ends with the process that holds it."""

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from db.no_links import open_file
from engine.text.errors import UserError

TRIES = 10
TRY_SECONDS = 0.02


class WorkspaceBusy(UserError):
    """Another engine holds the workspace.

    Attributes:
        pid: Its process, 0 if unreadable.
        host: Its machine.
    """

    def __init__(self, pid: int, host: str) -> None:
        super().__init__(f"An engine is already at work on this workspace: pid {pid} on {host}.")
        self.pid = pid
        self.host = host


class EngineLock:
    """`flock` on a file of the workspace, held from entering to leaving the context.

    Args:
        path: The lock file; it is never removed, so that nobody locks a file that is gone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            WorkspaceBusy: Another process has it.
            LinkFound: It is a link or not a regular file.
        """
        handle = open_file(self._path, os.O_RDWR | os.O_CREAT)
        if not _try_for_a_moment(handle):
            holder = _holder(handle)
            os.close(handle)
            raise WorkspaceBusy(*holder)
        self._handle = handle
        os.ftruncate(handle, 0)
        who = {"pid": os.getpid(), "host": socket.gethostname()}
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.pwrite(handle, json.dumps(who).encode(), 0)

    def release(self) -> None:
        """Release the lock."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def _try_for_a_moment(handle: int) -> bool:
    """Return whether the lock was free, or became so at once.

    Whoever only asks who holds it has it for an instant too, and must not keep an engine from
    starting.
    """
    for _ in range(TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(TRY_SECONDS)
        else:
            return True
    return False


def lock_holder(path: Path) -> tuple[int, str] | None:
    """Return pid and host of the engine that holds the lock at `path`; None if nobody does."""
    try:
        handle = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(handle)
    else:
        return None
    finally:
        os.close(handle)


def _holder(handle: int) -> tuple[int, str]:
    try:
        who = json.loads(os.pread(handle, 4096, 0))
        return int(who["pid"]), str(who["host"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, "this machine"
