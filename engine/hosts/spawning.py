"""Processes that are started fresh, are quiet, and end with their parent, however that ends."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""How numeric libraries are told how many threads they may use."""

_swapping = threading.Lock()


@contextlib.contextmanager
def without_main() -> Iterator[None]:
    """Keeps a process that starts meanwhile from running the caller's script once more.

    A spawned process imports the file of `__main__`; a script that opens a workspace without
    `if __name__ == "__main__"` would queue its batch again in every worker, and wait for it.
    Workers need nothing of it: what they run is imported by name.
    """
    with _swapping:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def settle(threads: int) -> None:
    """Runs first in each worker: signals are the engine's business, which lets calls end.

    Args:
        threads: How many threads a numeric library may use that is not imported yet; what the
            environment says wins.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, str(threads))


def parent_sentinel() -> int:
    """What becomes ready when the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("This process was not started by another one of ours.")
    return parent.sentinel
