"""One link to a host, measured: processor time and wall of a task, start, large bytes."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

import psutil

from bench.models import task
from engine.models.hosts import codec, messages
from engine.models.hosts.links.link import HostLink, LinkEnd, Machine
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.model_hosts import ModelHosts

Others = Callable[[], Iterable[psutil.Process]]
"""Processes that take part and are not below this one."""


def no_others() -> list[psutil.Process]:
    """Return none: all that takes part is below this process."""
    return []


class Host:
    """One host behind a link, asked one task after the other."""

    def __init__(self, machine: Machine, device: str) -> None:
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        options = WorkerOptions(device, "cpu", 1 << 30, 0.1, 1, 40)
        self.link: HostLink = machine.link(options, self.heard.put_nowait, self.end)
        self.number = 0

    def end(self, end: LinkEnd) -> None:
        """Note that it has ended."""
        self.heard.put_nowait(end)

    async def until(self, kind: type[Any]) -> Any:
        """Wait for a report of a kind."""
        while not isinstance(report := await self.heard.get(), kind):
            if isinstance(report, LinkEnd):
                raise ConnectionError(report.words)
        return report

    async def ask(self, payload: bytes) -> None:
        """Send a task and wait for its answer."""
        self.number += 1
        one = task("bench", 0.0, 8, payload, 200)
        packed = (codec.pack(payload),)
        self.link.send(messages.RunBatch(self.number, one.model, one.operation, packed, 0))
        await self.until(messages.BatchDone)


def processor_time(others: Others) -> float:
    """Return seconds of processor time of all that takes part so far."""
    this = psutil.Process()
    total = 0.0
    for part in {this, *this.children(recursive=True), *others()}:
        try:
            times = part.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


async def measure(
    machine: Machine, device: str, count: int, others: Others = no_others
) -> dict[str, Any]:
    """Measure one link."""
    before = time.monotonic()
    host = Host(machine, device)
    await host.until(messages.HostReady)
    start = time.monotonic() - before
    for _ in range(20):
        await host.ask(b"warm")
    idle = processor_time(others)
    await asyncio.sleep(5)
    idle = (processor_time(others) - idle) / 5
    rounds = []
    for _ in range(5):
        cpu, began = processor_time(others), time.monotonic()
        for _ in range(count // 5):
            await host.ask(bytes(200))
        wall = time.monotonic() - began
        rounds.append(
            ((processor_time(others) - cpu - idle * wall) * 5e3 / count, wall * 5e3 / count)
        )
    large = time.monotonic()
    for number in range(3):
        await host.ask(bytes([number]) * 8_000_000)
    large = (time.monotonic() - large) / 3
    memory = sum(map(pss, psutil.Process().children(recursive=True)))
    host.link.close()
    cpu_ms, wall_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "start": start,
        "cpu_ms": cpu_ms,
        "wall_ms": wall_ms,
        "large_ms": large * 1000,
        "pss_mib": memory >> 20,
    }


def pss(process: psutil.Process) -> int:
    """Return the proportional bytes of a process, 0 if it has ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


class Silent:
    """Nobody who listens to a task."""

    def waits(self) -> None: ...
    def begins(self, device: str) -> None: ...
    def progress(self, fraction: float | None, message: str = "") -> None: ...
    def preview(self, image: bytes) -> None: ...


def without_local(hosts: ModelHosts) -> None:
    """Take no device of this machine."""

    async def nothing() -> None: ...

    hosts._find_here = nothing  # type: ignore[method-assign]


async def run_with_loss(
    hosts: ModelHosts, count: int, seconds: float, before: int, lose: Callable[[], None]
) -> dict[str, float]:
    """Run tasks on two devices, and lose one after some answers; return seconds and the ideal.

    Args:
        hosts: The hosts.
        count: Number of tasks.
        seconds: Time of each.
        before: Answers before the loss.
        lose: Causes it.
    """

    def ask() -> "asyncio.Task[Any]":
        return asyncio.create_task(hosts.infer(task("bench", seconds, 1, b"", 10), Silent()))

    await asyncio.gather(*(ask() for _ in range(40)))  # both have the model
    began = time.monotonic()
    asked = [ask() for _ in range(count)]
    for number, first in enumerate(asyncio.as_completed(asked), 1):
        await first
        if number == before:
            break
    lose()
    answers = await asyncio.gather(*asked)
    return {
        "seconds": time.monotonic() - began,
        "ideal": count * seconds / 2,
        "lost": sum(len(answer) != 10 for answer in answers),
    }
