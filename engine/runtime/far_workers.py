"""Workers for CPU-heavy steps on other machines.

Each is a host in a mode of its own: its model runs functions (`compute_model`). A worker that is
lost says nothing about its call, which is done elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from engine.contract import Retryable, StepError
from engine.models.hosts import codec, messages
from engine.models.hosts.compute_model import ABOUT, CALL, KEY, about, difference
from engine.models.hosts.current_task import growing_pause
from engine.models.hosts.links.by_name import processors_of
from engine.models.hosts.links.link import HostLink, LinkEnd, Machine
from engine.models.hosts.messages import WorkerOptions
from engine.text.terminal import clean

LOOK_AGAIN_SECONDS = 60.0
"""Pause after which a cluster is asked for new nodes."""

MEMORY = 1 << 30
"""Bytes of main memory that a worker takes of a node, besides a processor."""

log = logging.getLogger(__name__)


class Lost(Exception):
    """A worker was lost in the middle of a call, or before it."""


class FarWorkers:
    """All workers on other machines; each looks for work by itself.

    Args:
        counts: Number of workers on each machine, or on each node of a cluster.
        on_free: Called with a worker that has come up and is free.
        on_gone: Called with a worker that is lost.
    """

    def __init__(
        self,
        counts: Mapping[Machine, int],
        on_free: Callable[["FarWorker"], None],
        on_gone: Callable[["FarWorker"], None],
    ) -> None:
        self._counts = counts
        self._on_free, self._on_gone = on_free, on_gone
        self._tasks: list[asyncio.Task[None]] = []

    def __bool__(self) -> bool:
        return any(self._counts.values())

    def start(self) -> None:
        """Start all workers, if they are not started; nothing waits for them."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._look_after(machine, count), name=machine.name)
                for machine, count in self._counts.items()
            ]

    def close(self) -> None:
        """End the workers; a call that is under way has no result."""
        for task in self._tasks:
            task.cancel()
        for machine in self._counts:
            machine.close()

    async def _look_after(self, machine: Machine, count: int) -> None:
        """Start the workers on each processor of a machine; nodes may join a cluster later."""
        known: set[str] = set()
        failures = 0
        while True:
            try:
                processors, failures = await processors_of(machine), 0
            except StepError as error:
                processors, failures = [], failures + 1
                level = logging.WARNING if failures == 1 else logging.DEBUG
                log.log(level, "no steps on the processor there: %s", error.message)
            for processor in sorted(set(processors) - known):
                known.add(processor)
                self._tasks += [
                    asyncio.create_task(self._keep_up(machine, processor), name=processor)
                    for _ in range(count)
                ]
            await asyncio.sleep(growing_pause(failures + 2) if failures else LOOK_AGAIN_SECONDS)

    async def _keep_up(self, machine: Machine, processor: str) -> None:
        """Start a worker again whenever it is lost, with growing pauses."""
        failures = 0
        while True:
            worker = FarWorker(machine, processor)
            try:
                if not await worker.is_like_here():
                    return
                failures = 0
                self._on_free(worker)
                words = await worker.ended
            except (Lost, StepError, RuntimeError) as error:
                words = str(error)
            finally:
                worker.close()
                self._on_gone(worker)
            failures += 1
            level = logging.WARNING if failures == 1 else logging.DEBUG
            log.log(level, "a worker on %s has ended: %s", worker.name, clean(words, 500))
            await asyncio.sleep(growing_pause(failures + 2))


class FarWorker:
    """One process on another machine, which runs one function at a time.

    Args:
        machine: The machine.
        processor: Name of its processor, or of that of a node.

    Attributes:
        name: Name of the machine, or of the node.
        ended: Future that gets how it has ended, in words.
    """

    def __init__(self, machine: Machine, processor: str) -> None:
        loop = asyncio.get_running_loop()
        self.name = processor.rpartition("/")[0]
        self.ended: asyncio.Future[str] = loop.create_future()
        self._answer: asyncio.Future[Any] | None = None
        self._number = 0
        options = WorkerOptions(processor, "cpu", MEMORY, 0.5, 1, log.getEffectiveLevel())
        self._link: HostLink = machine.link(options, self._hear, self._end)

    async def is_like_here(self) -> bool:
        """Return whether results from there are those of this machine.

        Raises:
            Lost: It cannot be reached.
        """
        there = await self._ask(ABOUT, None)
        if not isinstance(there, dict):
            raise Lost("it does not say what it computes with")
        words = difference(about(), there)
        if words:
            log.warning("%s is not used for steps on the processor: %s", self.name, clean(words))
        return not words

    async def call(self, name: str, args: list[tuple[str, Any]]) -> tuple[bool, Any]:
        """Return whether a function has worked, and its result as plain data or its complaint.

        Args:
            name: The function.
            args: Each argument with `value`, or `file` for bytes that it reads as a stream.

        Raises:
            Lost: The worker is lost, and with it what it has done.
            Retryable: Its process has died.
            RuntimeError: The function raised anything but a complaint about its arguments.
        """
        match await self._ask(CALL, (name, args)):
            case (bool(worked), value) if worked or isinstance(value, str):
                return worked, value
        raise RuntimeError(f"{name}: {self.name} answered what no worker of ours answers")

    def close(self) -> None:
        """End its process."""
        self._link.close()
        self._fail(Lost("it was ended"))
        if not self.ended.done():
            self.ended.set_result("it was ended")

    async def _ask(self, operation: str, payload: Any) -> Any:
        if self.ended.done():
            raise Lost(self.ended.result())
        packed = await asyncio.to_thread(codec.pack, payload)
        self._number += 1
        self._answer = asyncio.get_running_loop().create_future()
        self._link.send(messages.RunBatch(self._number, KEY, operation, (packed,), 0))
        reply = await self._answer
        match reply:
            case messages.TaskSuccess():
                return await asyncio.to_thread(codec.unpack, reply.data)
            case messages.TaskRefused():
                raise codec.unpack_error(reply.error)
            case messages.TaskBug():
                error = RuntimeError(f"{clean(reply.type)}: {clean(reply.message, 500)}")
                error.add_note(clean(reply.traceback, None, keep_newlines=True))
                raise error
        raise Retryable(f"The worker on {self.name} left a step unfinished.")

    def _hear(self, report: messages.HostReport) -> None:
        match report:
            case messages.BatchDone() if report.number == self._number and report.answers:
                if self._answer is not None and not self._answer.done():
                    self._answer.set_result(report.answers[0])
            case messages.LogLine():
                log.log(report.level, "%s: %s", self.name, clean(report.text, 2000))

    def _end(self, end: LinkEnd) -> None:
        if end.code is None:
            self._fail(Lost(end.words))
        else:
            self._fail(
                Retryable(
                    f"A worker process on {self.name} died in the middle of a step ({end.words}).",
                    remedy="If it was killed for memory, use fewer workers there.",
                )
            )
        if not self.ended.done():
            self.ended.set_result(end.words)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
