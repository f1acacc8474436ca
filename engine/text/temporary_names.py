"""Marks in the names of temporary files that identify the process they belong to.

A killed process leaves its temporary files behind. Any process that finds one removes it if the
mark shows that its process has ended, and never one that may still be written.
"""

import functools
import hashlib
import os
import re
import socket
from contextlib import suppress
from pathlib import Path

PATTERN = r"[0-9a-f]{8}-[0-9]{1,10}-[0-9]{1,20}"
"""Pattern of a mark: machine, process, and start time of the process."""


def mark() -> str:
    """Return the mark of this process."""
    return _mark(os.getpid())


def is_over(owner: str) -> bool | None:
    """Return whether the process of a mark has ended; None if this machine cannot know."""
    if not re.fullmatch(PATTERN, owner):
        return None
    machine, pid, started = owner.split("-")
    if machine != _machine():
        return None
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass
    return _started(int(pid)) != started


@functools.lru_cache(maxsize=1)
def _mark(pid: int) -> str:
    return f"{_machine()}-{pid}-{_started(pid)}"


@functools.cache
def _machine() -> str:
    """Return the id of this machine and, if it has several PID namespaces, of this one."""
    world = ""
    with suppress(OSError):
        world = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{socket.gethostname()} {world}".encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """Return when a process started, on the system's clock; 0 if that is unknown."""
    try:
        # The name comes first and may contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19].decode()
    except (OSError, IndexError):
        return "0"
