"""Processes that are stopped by a signal or a debugger: they hold their locks and do nothing."""

import socket
import subprocess
from pathlib import Path

_STOPPED = ("T", "t")
"""Letters of the states "stopped" and "traced" in proc(5) and ps(1)."""


def is_suspended(holder: tuple[int, str] | None) -> bool:
    """Return whether an engine's process is stopped; False if that cannot be known from here.

    Args:
        holder: Its pid and host, as `lock_holder` returns them.
    """
    if holder is None or holder[0] <= 1 or holder[1] != socket.gethostname():
        return False
    return _state_of(holder[0]).startswith(_STOPPED)


def remedy(holder: tuple[int, str]) -> str:
    """Return a sentence that says how to wake it or end it."""
    return f"Wake it: kill -CONT {holder[0]}. Or end it: safelight engine stop"


def _state_of(pid: int) -> str:
    try:
        # The name in brackets may hold anything, brackets too.
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].strip()
    except OSError:
        pass
    if Path("/proc/self").exists():
        return ""
    command = ["ps", "-o", "state=", "-p", str(pid)]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    except OSError:
        return ""
