"""Links to hosts: a pipe on this machine, and a Ray cluster of two nodes on loopback.

`tasks`: processor time of one task, sent and answered, of all processes that take part, without
what the cluster takes when idle. `loss`: 64 tasks of half a second on two nodes, of which one is
killed or frozen after 24, over the time of an ideal run without loss.

Usage: python -m bench.cases.ray_link tasks COUNT | loss killed|frozen
"""

import asyncio
import os
import sys
import time
from typing import Any

import psutil

from bench.cases.links import Links, ThisProcess, measure, pss, run_with_loss, without_local
from bench.machine import emit
from engine.contract.host_settings import HostSettings
from engine.models.hosts.links.local import LocalMachine
from engine.models.hosts.links.ray_machine import RayMachine
from engine.models.hosts.model_hosts import ModelHosts
from tests.support.ray_nodes import Nodes, ray_nodes

TASKS, SECONDS, BEFORE = 64, 0.5, 24


async def tasks(count: int) -> None:
    """Measure a host in this process, the pipe, the cluster, and the cluster from outside."""
    here: Links = {"nothing": (ThisProcess(), "cpu"), "pipe": (LocalMachine(["cpu"]), "cpu")}
    figures: dict[str, Any] = await measure(here, count)
    began = time.monotonic()
    with ray_nodes("box-a", num_cpus=2) as nodes:
        os.environ |= nodes.environment
        figures["cluster"] = {"start": time.monotonic() - began}
        for name, address in (("ray", nodes.address), ("ray client", nodes.client)):
            machine = RayMachine(f"ray://{address}", ["cpu"])
            before = time.monotonic()
            await machine.devices()
            connected = time.monotonic() - before
            link: Links = {name: (machine, "ray/box-a/cpu")}
            figures |= await measure(link, count, nodes.everything)
            figures[name]["connect"] = connected
            figures[name]["pss_mib"] = _own_memory()
            machine.close()
            await asyncio.sleep(8)
        everything = nodes.everything()
        figures["cluster"]["pss_mib"] = sum(map(pss, everything)) >> 20
        figures["cluster"]["processes"] = len(everything)
    emit(**figures)


def _own_memory() -> int:
    """Return MiB of the process that is connected to the cluster."""
    children = psutil.Process().children(recursive=True)
    return sum(pss(one) for one in children if _is_bridge(one)) >> 20


def _is_bridge(process: psutil.Process) -> bool:
    try:
        return "engine.models.hosts.links.ray_bridge" in process.cmdline()
    except psutil.Error:
        return False


async def loss(how: str) -> None:
    """Lose one of two nodes in the middle."""
    with ray_nodes("box-a", "box-b", num_cpus=1) as nodes:
        os.environ |= nodes.environment
        hosts = hosts_of(nodes)

        def lose() -> None:
            for process in nodes.processes("box-b"):
                process.kill() if how == "killed" else process.suspend()

        emit(**await run_with_loss(hosts, TASKS, SECONDS, BEFORE, lose))
        hosts.close()


def hosts_of(nodes: Nodes) -> ModelHosts:
    """Return hosts on the processors of the nodes."""
    name = f"ray://{nodes.address}"
    machine = {name: {"devices": ["cpu"]}}
    settings = HostSettings.model_validate(
        {"machines": [name], "machine": machine, "largest_batch": 1, "cpu_memory_share": 0.1}
    )
    hosts = ModelHosts(settings, machines=[name])
    without_local(hosts)
    return hosts


if __name__ == "__main__":
    if sys.argv[1] == "tasks":
        asyncio.run(tasks(int(sys.argv[2])))
    else:
        asyncio.run(loss(sys.argv[2]))
