"""Hosts on machines that are reached by a real sshd on loopback, each behind a proxy.

`tasks`: processor time of one task by the pipe and by ssh, of all processes that take part,
beside that of a task that is handed over in one process.
`loss`: 64 tasks of half a second on two machines, of which one is cut or frozen after 24.
`speeds`: tasks on a device four times slower than the other. `latency`: tasks of 3 s with 8 MB
each, 20 ms away.

Usage: python -m bench.cases.ssh_link tasks COUNT | loss cut|frozen | speeds COUNT | latency COUNT
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.cases.links import Links, Silent, ThisProcess, measure, run_with_loss, without_local
from bench.machine import emit
from bench.models import task
from engine.contract import ModelKey, Task
from engine.contract.host_settings import HostSettings
from engine.models.hosts.links.local import LocalMachine
from engine.models.hosts.links.ssh import SshMachine
from engine.models.hosts.model_hosts import ModelHosts
from tests.support.ssh_machines import SimulatedMachine, settings_for, simulated_machines

TASKS, SECONDS, BEFORE = 64, 0.5, 24
FAST = 0.1
"""Seconds of a task on the faster device."""


def far_hosts(*names: str) -> ModelHosts:
    """Return hosts on machines, and on none of this one."""
    settings = HostSettings.model_validate(settings_for(*names))
    hosts = ModelHosts(settings, machines=list(names))
    without_local(hosts)
    return hosts


async def tasks(folder: Path, count: int) -> None:
    """Measure the pipe and ssh beside a host in this process."""
    async with simulated_machines(folder, "gpu-a", by_proxy=False):
        settings = HostSettings.model_validate(settings_for("gpu-a"))
        machine = SshMachine("gpu-a", settings)
        began = time.monotonic()
        await machine.devices()
        connected = time.monotonic() - began
        links: Links = {
            "nothing": (ThisProcess(), "cpu"),
            "pipe": (LocalMachine(["cpu"]), "cpu"),
            "ssh": (machine, "gpu-a/cpu"),
        }
        figures = await measure(links, count)
        figures["ssh"]["connect"] = connected
        machine.close()
    emit(**figures)


async def loss(folder: Path, how: str) -> None:
    """Lose one of two machines in the middle."""
    async with simulated_machines(folder, "gpu-a", "gpu-b") as machines:
        hosts = far_hosts("gpu-a", "gpu-b")

        def lose() -> None:
            lost: SimulatedMachine = machines["gpu-b"]
            if how == "cut":
                lost.proxy.is_dead = True
            for worker in lost.workers() if how == "frozen" else ():
                worker.suspend()

        emit(**await run_with_loss(hosts, TASKS, SECONDS, BEFORE, lose))
        hosts.close()


def uneven(folder: Path, name: str) -> Task:
    """A task for a model that is four times slower on the device that loads it first."""
    options = {"first": str(folder / name), "seconds": FAST, "most": 1, "answers": 10}
    return Task(ModelKey("bench.models:load_uneven", json.dumps(options), name), "work", b"")


async def speeds(folder: Path, count: int) -> None:
    """Run tasks on devices of speeds 1 and 4, whose speeds are known from tasks before."""
    hosts = ModelHosts(HostSettings(devices=["cpu", "cpu:1"]))
    one = uneven(folder.parent, "model")
    await asyncio.gather(*(hosts.infer(one, Silent()) for _ in range(60)))
    began = time.monotonic()
    await asyncio.gather(*(hosts.infer(one, Silent()) for _ in range(count)))
    seconds = time.monotonic() - began
    hosts.close()
    ends = (max(slow * 4 * FAST, (count - slow) * FAST) for slow in range(count + 1))
    emit(seconds=seconds, ideal=min(ends))


async def latency(folder: Path, count: int) -> None:
    """Run tasks with inputs of their own on a machine 20 ms away."""

    async def run(hosts: ModelHosts) -> float:
        await hosts.infer(task("bench", 3.0, 1, b"", 1_000_000), Silent())
        began = time.monotonic()
        inputs = [os.urandom(8_000_000) for _ in range(count)]
        asked = (hosts.infer(task("bench", 3.0, 1, one, 1_000_000), Silent()) for one in inputs)
        await asyncio.gather(*asked)
        hosts.close()
        return time.monotonic() - began

    async with simulated_machines(folder, "gpu-a") as machines:
        machines["gpu-a"].proxy.delay = 0.02
        far = await run(far_hosts("gpu-a"))
    emit(far=far, here=await run(ModelHosts(HostSettings(devices=["cpu"]))))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        if sys.argv[1] == "loss":
            asyncio.run(loss(Path(temporary) / "machines", sys.argv[2]))
        else:
            case = {"tasks": tasks, "speeds": speeds, "latency": latency}[sys.argv[1]]
            asyncio.run(case(Path(temporary) / "machines", int(sys.argv[2])))
