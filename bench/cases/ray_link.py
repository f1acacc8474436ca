"""Links to hosts: a pipe on this machine, and a Ray cluster of two nodes on loopback.

`tasks`: processor time of one task, sent and answered, of all processes that take part, without
what the cluster takes when idle. `loss`: 64 tasks of half a second on two nodes, of which one is
killed or frozen after 24, over the time of an ideal run without loss.

Usage: python -m bench.cases.ray_link tasks COUNT | loss killed|frozen
"""

import asyncio
import os
import statistics
import sys
import time
from typing import Any

import psutil

from bench.machine import emit
from bench.models import task
from engine.contract.host_settings import HostSettings
from engine.models.hosts import codec, messages
from engine.models.hosts.links.link import HostLink, LinkEnd, Machine
from engine.models.hosts.links.local import LocalMachine
from engine.models.hosts.links.ray_machine import RayMachine
from engine.models.hosts.messages import WorkerOptions
from engine.models.hosts.model_hosts import ModelHosts
from tests.support.ray_nodes import Nodes, ray_nodes

TASKS, SECONDS, BEFORE = 64, 0.5, 24


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


def processor_time(nodes: Nodes | None) -> float:
    """Return seconds of processor time of all that takes part so far."""
    this = psutil.Process()
    parts = [this, *this.children(recursive=True), *(nodes.everything() if nodes else [])]
    total = 0.0
    for part in set(parts):
        try:
            times = part.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


async def measure(machine: Machine, device: str, count: int, nodes: Nodes | None) -> dict[str, Any]:
    """Measure one link."""
    before = time.monotonic()
    host = Host(machine, device)
    await host.until(messages.HostReady)
    start = time.monotonic() - before
    for _ in range(20):
        await host.ask(b"warm")
    idle = processor_time(nodes)
    await asyncio.sleep(5)
    idle = (processor_time(nodes) - idle) / 5
    rounds = []
    for _ in range(5):
        cpu, began = processor_time(nodes), time.monotonic()
        for _ in range(count // 5):
            await host.ask(bytes(200))
        wall = time.monotonic() - began
        rounds.append(
            ((processor_time(nodes) - cpu - idle * wall) * 5e3 / count, wall * 5e3 / count)
        )
    large = time.monotonic()
    for number in range(3):
        await host.ask(bytes([number]) * 8_000_000)
    large = (time.monotonic() - large) / 3
    host.link.close()
    cpu_ms, wall_ms = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {"start": start, "cpu_ms": cpu_ms, "wall_ms": wall_ms, "large_ms": large * 1000}


async def tasks(count: int) -> None:
    """Measure the pipe, the cluster, and the cluster from outside."""
    figures: dict[str, Any] = {"pipe": await measure(LocalMachine(["cpu"]), "cpu", count, None)}
    began = time.monotonic()
    with ray_nodes("box-a", num_cpus=2) as nodes:
        os.environ |= nodes.environment
        figures["cluster"] = {"start": time.monotonic() - began}
        for name, address in (("ray", nodes.address), ("ray client", nodes.client)):
            machine = RayMachine(f"ray://{address}", ["cpu"])
            before = time.monotonic()
            await machine.devices()
            connected = time.monotonic() - before
            figures[name] = await measure(machine, "ray/box-a/cpu", count, nodes)
            figures[name]["connect"] = connected
            figures[name]["pss_mib"] = _own_memory()
            machine.close()
            await asyncio.sleep(8)
        everything = nodes.everything()
        figures["cluster"]["pss_mib"] = sum(map(_pss, everything)) >> 20
        figures["cluster"]["processes"] = len(everything)
    emit(**figures)


def _own_memory() -> int:
    """Return MiB of the process that is connected to the cluster."""
    children = psutil.Process().children(recursive=True)
    return sum(_pss(one) for one in children if _is_bridge(one)) >> 20


def _is_bridge(process: psutil.Process) -> bool:
    try:
        return "engine.models.hosts.links.ray_bridge" in process.cmdline()
    except psutil.Error:
        return False


def _pss(process: psutil.Process) -> int:
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


async def loss(how: str) -> None:
    """Lose one of two nodes in the middle."""
    with ray_nodes("box-a", "box-b", num_cpus=1) as nodes:
        os.environ |= nodes.environment
        hosts = hosts_of(nodes)

        def ask(seconds: float) -> "asyncio.Task[Any]":
            return asyncio.create_task(hosts.infer(task("bench", seconds, 1, b"", 10), Silent()))

        await asyncio.gather(*(ask(0.5) for _ in range(40)))  # both have the model
        began = time.monotonic()
        asked = [ask(SECONDS) for _ in range(TASKS)]
        for first in list(asyncio.as_completed(asked))[:BEFORE]:
            await first
        for process in nodes.processes("box-b"):
            process.kill() if how == "killed" else process.suspend()
        answers = await asyncio.gather(*asked)
        emit(
            seconds=time.monotonic() - began,
            ideal=TASKS * SECONDS / 2,
            lost=sum(len(answer) != 10 for answer in answers),
        )
        hosts.close()


def hosts_of(nodes: Nodes) -> ModelHosts:
    """Return hosts on the processors of the nodes."""
    name = f"ray://{nodes.address}"
    machine = {name: {"devices": ["cpu"]}}
    settings = HostSettings.model_validate(
        {"machines": [name], "machine": machine, "largest_batch": 1, "cpu_memory_share": 0.1}
    )
    hosts = ModelHosts(settings, machines=[name])
    hosts._find_here = _nothing_here  # type: ignore[method-assign]
    return hosts


async def _nothing_here() -> None:
    """Find no device on this machine."""


if __name__ == "__main__":
    if sys.argv[1] == "tasks":
        asyncio.run(tasks(int(sys.argv[2])))
    else:
        asyncio.run(loss(sys.argv[2]))
