"""Work for a pool of processes: module-level functions of plain data."""

import os
import signal
import time
from pathlib import Path


def pid() -> int:
    """Which process this is."""
    return os.getpid()


def wait_and_tell(path: str) -> None:
    """Writes which process this is to a file, and stays at work."""
    written = Path(f"{path}.new")
    written.write_text(str(os.getpid()))
    written.replace(path)
    time.sleep(3600)


def die() -> None:
    """Ends its process as a want of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def threads() -> str | None:
    """How many threads a numeric library may use here."""
    return os.environ.get("OMP_NUM_THREADS")
