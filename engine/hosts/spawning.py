"""Processes that are started fresh, are quiet, and end with their parent, however that ends."""

import contextlib
import importlib
import importlib.util
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


def keep_locks_within_the_process() -> None:
    """Has tqdm, where it is there, use a lock of threads alone.

    The one that it makes for itself is for several processes too: a semaphore of the system, known
    to the tracker that the engine and its hosts share. Hosts are killed, so nobody takes it back,
    and the tracker would complain of it on the engine's terminal.
    """
    if importlib.util.find_spec("tqdm") is not None:
        importlib.import_module("tqdm").tqdm.set_lock(threading.RLock())


def parent_sentinel() -> int:
    """What becomes ready when the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("This process was not started by another one of ours.")
    return parent.sentinel
