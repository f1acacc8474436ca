"""One link to a host, measured: processor time and wall of a task, start, large bytes.

What a link costs is what a task takes more by it than by a host in this process, which is handed
each command as it is, has the same loop and the same model, and answers in the same way.
"""

import asyncio
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import psutil

from bench.models import task
from engine.models.hosts import codec, messages
from engine.models.hosts.links.link import HostLink, LinkEnd, Machine, OnEnd, OnReport
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.model_hosts import ModelHosts
from engine.models.hosts.worker import Reporter, run

ROUNDS = 5

Others = Callable[[], Iterable[psutil.Process]]
"""Processes that take part and are not below this one."""


def no_others() -> list[psutil.Process]:
    """Return none: all that takes part is below this process."""
    return []


class ThisProcess:
    """A machine whose hosts are threads of this process: the least that a link can cost."""

    name = ""

    def link(self, options: WorkerOptions, on_report: OnReport, on_end: OnEnd) -> HostLink:
        """Start a host in a thread."""
        return HandOver(options, on_report)

    def close(self) -> None:
        """Do nothing."""


class HandOver:
    """Link to a host in this process: queues without a wire."""

    pid, last_words = None, ""

    def __init__(self, options: WorkerOptions, on_report: OnReport) -> None:
        self._port = InProcessPort(on_report)
        self.send = self._port.commands.put
        args = options, self._port, Reporter(self._port)
        threading.Thread(target=run, args=args, daemon=True).start()

    def kill(self) -> None:
        """Do nothing: it ends with this process."""

    close = kill


class InProcessPort:
    """The host's end of it."""

    def __init__(self, on_report: OnReport) -> None:
        self._loop, self._on_report = asyncio.get_running_loop(), on_report
        self.commands: queue.SimpleQueue[messages.HostCommand] = queue.SimpleQueue()

    def receive(self) -> messages.HostCommand:
        """Wait for a command."""
        return self.commands.get()

    def send(self, report: messages.HostReport) -> None:
        """Hand a report over."""
        self._loop.call_soon_threadsafe(self._on_report, report)

    def sends_at_once(self, report: messages.HostReport) -> bool:
        """Hand a report over."""
        self.send(report)
        return True


Links = Mapping[str, tuple[Machine | ThisProcess, str]]
"""Machine and device of each link."""


class Host:
    """One host behind a link, asked one task after the other."""

    def __init__(self, machine: Machine | ThisProcess, device: str) -> None:
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
    parts = {this, *this.children(recursive=True), *others()}
    return sum(_seconds_of(part) for part in parts)


def _seconds_of(process: psutil.Process) -> float:
    """Return a process's processor time by its own clock: that of `psutil` has steps of 10 ms."""
    clock = ~process.pid << 3 | 2
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0


async def measure(
    links: Links, count: int, others: Others = no_others
) -> dict[str, dict[str, Any]]:
    """Measure links by turns.

    Args:
        links: The machine and the device of each.
        count: Number of tasks by each.
        others: Processes that take part and are not below this one.
    """
    hosts, figures = {}, {}
    for name, (machine, device) in links.items():
        before, memory = time.monotonic(), _memory_below()
        hosts[name] = Host(machine, device)
        await hosts[name].until(messages.HostReady)
        figures[name] = {"start": time.monotonic() - before}
        for _ in range(20):
            await hosts[name].ask(b"warm")
        figures[name]["pss_mib"] = _memory_below() - memory >> 20
    idle = processor_time(others)
    await asyncio.sleep(5)
    idle = (processor_time(others) - idle) / 5
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in links}
    for name, host in [*hosts.items()] * ROUNDS:
        rounds[name].append(await _round(host, count // ROUNDS, idle, others))
    for name, host in hosts.items():
        figures[name]["large_ms"] = await _large(host)
        cpu_ms, wall_ms = (statistics.median(column) for column in zip(*rounds[name], strict=True))
        figures[name] |= {"cpu_ms": cpu_ms, "wall_ms": wall_ms}
        host.link.close()
    return figures


async def _round(host: Host, count: int, idle: float, others: Others) -> tuple[float, float]:
    """Return milliseconds of processor and of wall of a task."""
    cpu, began = processor_time(others), time.monotonic()
    for _ in range(count):
        await host.ask(bytes(200))
    wall = time.monotonic() - began
    return (processor_time(others) - cpu - idle * wall) * 1e3 / count, wall * 1e3 / count


async def _large(host: Host) -> float:
    """Return milliseconds of a task with 8 MB."""
    began = time.monotonic()
    for number in range(3):
        await host.ask(bytes([number]) * 8_000_000)
    return (time.monotonic() - began) * 1e3 / 3


def _memory_below() -> int:
    return sum(map(pss, psutil.Process().children(recursive=True)))


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
