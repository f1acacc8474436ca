"""Processes for CPU-heavy steps; they end with the engine, however that ends."""

import asyncio
import atexit
import logging
import multiprocessing
import os
import pickle
import queue
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from engine.config.process.freed_memory import FreedMemory
from engine.contract import Retryable
from engine.models.hosts.links.link import Machine
from engine.models.hosts.spawning import parent_sentinel, settle, spawning
from engine.runtime.far_call import CannotTravel, FarCall
from engine.runtime.far_workers import FarWorker, FarWorkers, Lost
from engine.runtime.free_workers import FreeWorkers

log = logging.getLogger(__name__)

T = TypeVar("T")
_Call = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class ComputePool:
    """Run module-level functions of plain data in worker processes.

    Each worker is a separate process that can be ended alone: one that dies, or is killed because
    its call was cancelled, affects only that call.

    Args:
        workers: Maximum number of processes; each is started when a call needs it.
        far: Number of workers on other machines.
    """

    def __init__(self, workers: int, far: Mapping[Machine, int] | None = None) -> None:
        self.workers = workers
        self._turns: FreeWorkers[FarWorker] = FreeWorkers(workers)
        self._far = FarWorkers(far or {}, self._turns.give_back, self._turns.forget)
        self._free: list[_Worker] = []
        self._busy: set[_Worker] = set()

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        """Return the function's result.

        A call that is cancelled, for example at its deadline, ends its worker: nothing else stops a
        function that hangs.

        Raises:
            Retryable: A worker died, for example for lack of memory, or cannot be started.
        """
        await self._turns.take()
        try:
            return await self._run_here(function, *args)
        finally:
            self._turns.give_back(None)

    async def run_anywhere(self, call: FarCall[T], function: Callable[..., T], *args: Any) -> T:
        """Return the result of a function that another machine may run too.

        The longest waiting call gets the next free worker. One whose worker is lost is done by
        another.

        Args:
            call: The call for another machine.
            function: The function for this machine.
            args: Its arguments.

        Raises:
            Retryable: A worker died, for example for lack of memory, or cannot be started.
        """
        anywhere = bool(self._far)
        if anywhere:
            self._far.start()
        while True:
            worker = await self._turns.take(anywhere=anywhere)
            try:
                if worker is None:
                    return await self._run_here(function, *args)
                return await call.run(worker)
            except Lost as error:
                log.warning("a step is done again: %s", error)
            except CannotTravel as error:
                log.info("a step stays here: %s", error)
                anywhere = False
            finally:
                if worker is None or not worker.ended.done():
                    self._turns.give_back(worker)

    async def _run_here(self, function: Callable[..., T], *args: Any) -> T:
        worker = self._free.pop() if self._free else _started()
        self._busy.add(worker)
        try:
            return await asyncio.wrap_future(worker.submit(function, *args))
        except _Died:
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

    @property
    def is_full(self) -> bool:
        """True if a call would have to wait for a worker of this machine."""
        return self._turns.is_full

    def _put_back(self, worker: "_Worker") -> None:
        if worker not in self._busy:
            return  # the pool was closed meanwhile
        self._busy.discard(worker)
        if worker.broken:
            worker.close()
        else:
            self._free.append(worker)

    def close(self) -> None:
        """End the workers; their calls have no waiters any more."""
        self._far.close()
        for worker in (*self._free, *self._busy):
            worker.close()
        self._free.clear()
        self._busy.clear()


def _started() -> "_Worker":
    try:
        return _Worker()
    except (OSError, RuntimeError, MemoryError) as error:  # RuntimeError: no thread can be started
        raise Retryable(
            f"A worker process cannot be started: {error or 'no memory is left'}.",
            remedy="Raise the limits of processes and memory (ulimit -a), or end some programs.",
        ) from error


class _Died(Exception):
    """A worker's process has ended in the middle of a call."""


class _Worker:
    """One worker process, and the thread that talks to it.

    It is spoken to through a pipe alone: queues and locks of `multiprocessing` have names in shared
    memory, which outlive processes that are killed.

    Attributes:
        broken: True if it can no longer be used.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.broken = False
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        # Two pipes of one way each: the sockets of a two-way one take three times as long.
        calls, self._out = context.Pipe(duplex=False)
        self._in, outcomes = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_serve, args=(calls, outcomes), name="worker", daemon=True
        )
        with spawning():
            self._process.start()
        calls.close()
        outcomes.close()
        # multiprocessing asks daemons to end and waits for them; this one hears no such signal.
        atexit.register(self._process.kill)
        threading.Thread(target=self._work, name="worker", daemon=True).start()

    def submit(self, function: Callable[..., T], *args: Any) -> "Future[T]":
        """Send a call.

        Raises:
            _Died: Of the future: the process has ended.
        """
        future: Future[T] = Future()
        self._calls.put((future, function, args))
        return future

    def kill(self) -> None:
        """Kill the process at once, whatever it does."""
        self.broken = True
        self._process.kill()

    def close(self) -> None:
        """End the process, even in the middle of a call."""
        self.kill()
        self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function, args = call
            if future.set_running_or_notify_cancel():
                self._do(future, function, args)
        self._process.join()
        atexit.unregister(self._process.kill)
        self._in.close()
        self._out.close()

    def _do(self, future: "Future[Any]", function: Callable[..., Any], args: Any) -> None:
        try:
            self._out.send((function, args))
            worked, value = self._in.recv()
        except (EOFError, OSError):
            future.set_exception(_Died())
        except Exception as error:  # noqa: BLE001 - what cannot be pickled is the caller's trouble
            future.set_exception(error)
        else:
            (future.set_result if worked else future.set_exception)(value)


def _serve(calls: "Connection[Any, Any]", outcomes: "Connection[Any, Any]") -> None:
    """Run one call after the other, until the engine ends or closes the pipe."""
    settle(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    freed = FreedMemory()
    while True:
        try:
            outcomes.send_bytes(_outcome(calls.recv_bytes()))
        except (EOFError, OSError):
            return
        freed.give_back()


def _outcome(data: bytes) -> bytes:
    """Return a call's outcome as a pickled pair: whether it worked, and its result or error."""
    try:
        function, args = pickle.loads(data)  # noqa: S301 - the engine's own
        return pickle.dumps((True, function(*args)))
    except Exception as error:  # noqa: BLE001 - it is raised in the engine
        trace = "".join(traceback.format_exception(error))
        try:
            error.add_note(trace)
            pickled = pickle.dumps((False, error))
            pickle.loads(pickled)  # noqa: S301 - some errors can be written and not read
        except Exception:  # noqa: BLE001
            return pickle.dumps((False, RuntimeError(trace)))
        return pickled


def _end_with_parent() -> None:
    wait([parent_sentinel()])
    os._exit(1)
