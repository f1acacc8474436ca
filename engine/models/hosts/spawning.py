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

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
"""Variables that limit the threads of numeric libraries."""

_STOPS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_swapping = threading.Lock()


@contextlib.contextmanager
def spawning() -> Iterator[None]:
    """Guard the start of a process, so that it runs only what it is started for.

    - It does not run the caller's script again. A spawned process imports the file of
      `__main__`; a script that opens a workspace without `if __name__ == "__main__"` would queue
      its batch again in every worker, and wait for it. Workers do not need it: their code is
      imported by name.
    - It imports nothing from the current folder while it starts. Once it has started, it imports
      from where its parent does.
    - A signal to the whole process group waits until `settle` has decided what to do about it.
    """
    with _swapping, _environment("PYTHONSAFEPATH", "1"):
        resource_tracker.ensure_running()  # else it starts inside, which unblocks the signals
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
    """Run first in each worker: ignore signals, which the engine handles so that calls can end.

    Args:
        threads: Maximum threads of a numeric library that is not imported yet; the environment
            takes precedence.
    """
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, str(threads))


def keep_locks_within_the_process() -> None:
    """Make tqdm, if installed, use a lock for threads only.

    Its default lock is for several processes too: a system semaphore, registered with the
    tracker that the engine and its hosts share. Since hosts are killed, it is never released, and
    the tracker would complain about it on the engine's terminal.
    """
    if importlib.util.find_spec("tqdm") is not None:
        importlib.import_module("tqdm").tqdm.set_lock(threading.RLock())


def parent_sentinel() -> int:
    """Return a handle that becomes ready when the parent process has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("This process was not started by another one of ours.")
    return parent.sentinel
