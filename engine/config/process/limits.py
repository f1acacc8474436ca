"""System limits that can be too low for an engine: open files, memory, processes."""

import os
import resource
from pathlib import Path

from engine.text.errors import UserError

WANTED_FILES = 4096
"""Limit of open files to set, if the system allows it."""

MIN_FILES = 64
MIN_MEMORY = 1 << 30
"""Minimum address space in bytes; most of it is for the imaging libraries."""

MIN_TASKS = 24
"""Minimum number of processes and threads that an engine starts."""


_MANY = 1 << 16
"""Limits above this count as unlimited."""


class LimitTooLow(UserError):
    """A system limit is too low for an engine; the message has the limit and its value.

    Raised before anything is started.
    """


def refuse_too_little() -> None:
    """Raise the limit of open files as far as allowed, and refuse limits that are too low.

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
    """Return how many processes and threads this user may still start; root has no limit."""
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
    """Count the processes and threads of this user, as far as the system lists them."""
    user, count = os.geteuid(), 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += len(os.listdir(process / "task"))  # noqa: PTH208 - counted only
        except OSError:  # it has ended
            continue
    return count
