"""Processes for CPU-heavy steps; they end with the engine, however that ends."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from engine.capabilities import Retryable
from engine.hosts.spawning import THREAD_VARIABLES, without_main

T = TypeVar("T")


class ComputePool:
    """Runs module-level functions of plain data in worker processes.

    Each worker is a process of its own that can be ended alone: one that dies, or is killed because
    its call was given up, costs that call and no other.

    Args:
        workers: How many processes at most; each is started when a call needs it.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._slots = asyncio.Semaphore(workers)
        self._free: list[_Worker] = []
        self._busy: set[_Worker] = set()

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """The function's result.

        A call that is cancelled, for example at its deadline, ends its worker: nothing else stops a
        function that hangs.

        Raises:
            Retryable: A worker died, for example for want of memory.
        """
        async with self._slots:
            worker = self._free.pop() if self._free else _Worker()
            self._busy.add(worker)
            try:
                return await asyncio.wrap_future(worker.submit(function, *args))
            except BrokenProcessPool:
                worker.broken = True
                raise Retryable(
                    "A worker process died in the middle of a step.",
                    remedy="If it was killed for memory, lower engine.cpu_workers.",
                ) from None
            except asyncio.CancelledError:
                worker.kill()
                raise
            finally:
                self._put_back(worker)

    def _put_back(self, worker: "_Worker") -> None:
        if worker not in self._busy:
            return  # the pool was closed meanwhile
        self._busy.discard(worker)
        if worker.broken:
            worker.close()
        else:
            self._free.append(worker)

    def close(self) -> None:
        """Ends the workers; nobody waits any more for a call that one of them holds."""
        for worker in (*self._free, *self._busy):
            worker.close()
        self._free.clear()
        self._busy.clear()


class _Worker:
    """One worker process.

    Attributes:
        broken: Whether it is of no use any more.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        ends, self._end = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            1, mp_context=context, initializer=_start_worker, initargs=(ends,)
        )
        with without_main():
            self._pid = self._executor.submit(os.getpid)  # starts the process
        self.broken = False

    def submit(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        """Hands a call over."""
        return self._executor.submit(function, *args)

    def kill(self) -> None:
        """Ends the process at once, whatever it does."""
        self.broken = True
        if self._pid.done() and not self._pid.cancelled() and self._pid.exception() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid.result(), signal.SIGKILL)

    def close(self) -> None:
        """Ends the process, also one that is in the middle of a call."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._end.close()


def _start_worker(ends: Connection) -> None:
    """Runs first in each worker: signals are the engine's business, and so is its end.

    Args:
        ends: Closed at the other end when the pool is closed.
    """
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for name in THREAD_VARIABLES:  # read by libraries that the worker has not imported yet
        os.environ.setdefault(name, "1")
    threading.Thread(target=_end_with_parent, args=(ends,), daemon=True).start()


def _end_with_parent(ends: Connection) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel, ends])
        os._exit(1)
