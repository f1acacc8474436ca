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
from multiprocessing import resource_tracker
from types import ModuleType

from engine.process.safe_imports import SAFE_PATH

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""How numeric libraries are told how many threads they may use."""

_STOPS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_swapping = threading.Lock()


@contextlib.contextmanager
def spawning() -> Iterator[None]:
    """Surrounds the start of a process, so that it runs nothing but what it is started for.

    - It does not run the caller's script once more. A spawned process imports the file of
      `__main__`; a script that opens a workspace without `if __name__ == "__main__"` would queue
      its batch again in every worker, and wait for it. Workers need nothing of it: what they run is
      imported by name.
    - It imports nothing from the current folder while it starts. Once it has started, it imports
      from where its parent does.
    - A signal to the whole process group waits until `settle` has decided what to do about it.
    """
    with _swapping, _environment(SAFE_PATH, "1"):
        resource_tracker.ensure_running()  # else started within, and that unblocks the signals
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            sys.modules["__main__"] = main


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    was = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if was is None:
            del os.environ[name]
        else:
            os.environ[name] = was


def settle(threads: int) -> None:
    """Runs first in each worker: signals are the engine's business, which lets calls end.

    Args:
        threads: How many threads a numeric library may use that is not imported yet; what the
            environment says wins.
    """
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
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
