"""The process pool for CPU-heavy steps; its workers end with the engine, however that ends."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from engine.capabilities import Retryable

T = TypeVar("T")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class ComputePool:
    """Runs module-level functions of plain data in worker processes.

    Args:
        workers: How many processes; they are started when the first call comes.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._end: Connection | None = None

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """The function's result.

        Raises:
            Retryable: A worker died, for example for want of memory.
        """
        executor = self._ready()
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, function, *args)
        except BrokenProcessPool:
            if self._executor is executor:
                self._executor = None
                executor.shutdown(wait=False, cancel_futures=True)
            raise Retryable(
                "A worker process died in the middle of a step.",
                remedy="If it was killed for memory, lower engine.cpu_workers.",
            ) from None

    def _ready(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            ends, self._end = context.Pipe(duplex=False)
            self._executor = ProcessPoolExecutor(
                self.workers, mp_context=context, initializer=_start_worker, initargs=(ends,)
            )
        return self._executor

    def close(self) -> None:
        """Ends the workers; nobody waits any more for a call that one of them holds."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        if self._end is not None:
            self._end.close()
            self._end = None


def _start_worker(ends: Connection) -> None:
    """Runs first in each worker: signals are the engine's business, and so is its end.

    Args:
        ends: Closed at the other end when the pool is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for name in _ONE_THREAD:  # read by libraries that the worker has not imported yet
        os.environ.setdefault(name, "1")
    threading.Thread(target=_end_with_parent, args=(ends,), daemon=True).start()


def _end_with_parent(ends: Connection) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel, ends])
        os._exit(1)
