"""Marks in the names of temporary files, which say whose they are.

A process that is killed leaves its temporary files behind. Whoever finds one removes it once the
mark shows that its process is over, and never one of a process that may still be writing it.
"""

import functools
import hashlib
import os
import re
import socket
from contextlib import suppress
from pathlib import Path

PATTERN = r"[0-9a-f]{8}-[0-9]{1,10}-[0-9]{1,20}"
"""What a mark looks like: machine, process, and when the process has started."""


def mark() -> str:
    """The mark of this process."""
    return _mark(os.getpid())


def is_over(owner: str) -> bool | None:
    """Whether the process of a mark has ended; None where this machine cannot tell."""
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
    """This machine, and where there are several worlds of processes on it, this one."""
    world = ""
    with suppress(OSError):
        world = str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(f"{socket.gethostname()} {world}".encode()).hexdigest()[:8]


def _started(pid: int) -> str:
    """When a process has started, on the system's own clock; 0 where the system does not say."""
    try:
        # The name, which comes before, may hold spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19].decode()
    except (OSError, IndexError):
        return "0"
