"""Limits of the system that an engine cannot work under: open files, memory, processes."""

import os
import resource
from pathlib import Path

from engine.text.errors import UserError

WANTED_FILES = 4096
"""Files that may be open at once, where the system lets us have them."""

MIN_FILES = 64
MIN_MEMORY = 1 << 30
"""Bytes of address space; the libraries that draw and measure take most of it."""

MIN_TASKS = 24
"""Processes and threads that an engine starts at least."""


_MANY = 1 << 16
"""A limit beyond which nobody counts."""


class LimitTooLow(UserError):
    """A limit of the system leaves too little to work with; the message says which, and how much.

    It is said before anything is begun.
    """


def refuse_too_little() -> None:
    """Raises the limit of open files as far as that is allowed, and refuses limits too low.

    Raises:
        LimitTooLow: An engine could not work under one of them.
    """
    files = _raised_files()
    if files < MIN_FILES:
        raise LimitTooLow(
            f"Only {files} files may be open at once here (ulimit -n), and an engine needs "
            f"{MIN_FILES}. Raise the limit: ulimit -n {WANTED_FILES}"
        )
    memory = _soft(resource.RLIMIT_AS)
    if memory < MIN_MEMORY:
        raise LimitTooLow(
            f"Only {int(memory) >> 20} MiB of memory may be used here (ulimit -v), and an engine "
            f"needs {MIN_MEMORY >> 20}. Raise the limit: ulimit -v unlimited"
        )
    tasks = _free_tasks()
    if tasks < MIN_TASKS:
        raise LimitTooLow(
            f"Only {int(tasks)} more processes or threads may be started here (ulimit -u), and an "
            f"engine needs {MIN_TASKS}. Raise the limit, or end some programs."
        )


def _free_tasks() -> float:
    """Processes and threads that this user may still start; root is not bound."""
    most = _soft(resource.RLIMIT_NPROC)
    if os.geteuid() == 0 or most > _MANY:
        return float("inf")
    return max(0.0, most - _tasks_of_user())


def _soft(kind: int) -> float:
    soft = resource.getrlimit(kind)[0]
    return float("inf") if soft == resource.RLIM_INFINITY else soft


def _raised_files() -> float:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(_soft(resource.RLIMIT_NOFILE), 0)


def _tasks_of_user() -> int:
    """Processes and threads of this user, as far as the system lists them."""
    user, found = os.geteuid(), 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                found += len(os.listdir(process / "task"))  # noqa: PTH208 - counted only
        except OSError:  # it has ended
            continue
    return found
