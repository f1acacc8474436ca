"""Hosts on a real Ray cluster of two nodes: work, nodes that die or freeze, what is given back."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.contract import Blocked, Permanent, Retryable
from engine.contract.host_settings import HostSettings, MachineSettings
from engine.models.hosts.links.link import LinkEnd
from engine.models.hosts.links.ray_machine import RayMachine
from engine.models.hosts.messages import HostReady, WorkerOptions
from engine.models.hosts.model_hosts import ModelHosts
from tests.models.hosts.conftest import Ear
from tests.support.engines import eventually
from tests.support.ray_nodes import Nodes, ray_nodes
from tests.support.toy_models import key, task

pytest.importorskip("ray", reason="Ray is not installed: the extra [cluster]")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]

TASKS = 64
PATIENCE = 120


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with ray_nodes("box-a", "box-b", num_cpus=2, num_gpus=1) as running:
        yield running


@pytest.fixture(autouse=True)
def _spoken_with(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in nodes.environment.items():
        monkeypatch.setenv(name, value)


async def nothing_here() -> None:
    """Finds no device on this machine."""


class Cluster:
    """Hosts on the processors of a cluster, and what was done there."""

    def __init__(self, address: str, folder: Path) -> None:
        name = f"ray://{address}"
        self.machine = RayMachine(name, ["cpu"])
        machine = {name: MachineSettings(devices=["cpu"])}
        settings = HostSettings(
            largest_batch=1,
            cpu_memory_share=0.05,
            machines=[name],
            machine=machine,
        )
        self.hosts = ModelHosts(settings, machines=[name])
        self.hosts._find_here = nothing_here
        self.log = folder / "log"

    async def rest(self, number: int, seconds: float = 0.2) -> Any:
        """Has a host be busy for a while and return a number."""
        model = key(log=str(self.log))
        async with asyncio.timeout(PATIENCE):
            return await self.hosts.infer(task([number, seconds], "rest", model), Ear())

    def begun(self) -> int:
        """Number of tasks that were begun anywhere."""
        return self.log.read_text().count("rest") if self.log.exists() else 0


@pytest.fixture
async def cluster(nodes: Nodes, tmp_path: Path) -> AsyncIterator[Cluster]:
    used = Cluster(nodes.address, tmp_path)
    yield used
    used.hosts.close()


async def test_every_node_works_and_pulls_its_own_work(cluster: Cluster) -> None:
    await asyncio.gather(*(cluster.rest(number, 1.0) for number in range(16)))
    lines = cluster.log.read_text().splitlines()
    pids = Counter(line.split()[0] for line in lines if "rest" in line)
    assert len(pids) == 2 and sum(pids.values()) == 16
    states = cluster.hosts.states()[:2]
    assert [state.device for state in states] == ["ray/box-a/cpu", "ray/box-b/cpu"]
    assert [state.pid for state in states] == [None, None]


async def test_failures_and_reports_cross_as_they_are(cluster: Cluster) -> None:
    ear, infer = Ear(), cluster.hosts.infer
    with pytest.raises(Permanent, match=r"That will never work\."):
        await infer(task("permanent", "fail"), Ear())
    assert await infer(task("a", "draw"), ear) == "a"
    assert (0.5, "half of a") in ear.heard and b"preview of a" in ear.heard
    big = os.urandom(3_000_000)
    assert await infer(task(big, "tight"), Ear()) == big
    with pytest.raises(Retryable, match="SIGKILL"):
        await infer(task("poison", "die_always"), Ear())


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_no_task_is_lost_with_a_node(cluster: Cluster, nodes: Nodes, how: str) -> None:
    asked = [asyncio.create_task(cluster.rest(number)) for number in range(TASKS)]
    await eventually(lambda: sum(one.done() for one in asked) >= 24)
    victims = nodes.processes("box-b")
    if how == "killed":
        nodes.kill("box-b")
    else:
        for process in victims:
            process.suspend()
    assert await asyncio.gather(*asked) == list(range(TASKS))
    assert cluster.begun() >= TASKS
    if how == "frozen":
        for process in victims:
            process.resume()
        await eventually(lambda: not any(map(_is_actor, victims)))
        assert await asyncio.gather(*(cluster.rest(n) for n in range(4))) == list(range(4))
    else:
        nodes.add("box-b")


def _is_actor(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and "HostActor" in " ".join(process.cmdline())
    return False


class Ends:
    """One link, and what was heard of it."""

    def __init__(self, machine: RayMachine, device: str, torch: str) -> None:
        self.reports: list[Any] = []
        self.ends: list[LinkEnd] = []
        options = WorkerOptions(device, torch, 1 << 20, 0.1, 1, 30)
        self.link = machine.link(options, self.reports.append, self.ends.append)


async def test_a_host_takes_one_gpu_and_gives_it_back(nodes: Nodes) -> None:
    machine = RayMachine(f"ray://{nodes.address}")
    assert [d.id for d in await machine.devices()] == ["ray/box-a/cuda:0", "ray/box-b/cuda:0"]
    for _ in range(2):  # each node has one GPU only
        one = Ends(machine, "ray/box-a/cuda:0", "cuda:0")
        await eventually(lambda one=one: one.ends)
        assert one.ends[0].code is not None  # there is no such device, which the host says
        assert "cuda" in "".join(report.text for report in one.reports)
    machine.close()


async def test_a_host_that_is_killed_closed_or_nowhere(nodes: Nodes) -> None:
    machine = RayMachine(f"ray://{nodes.address}", ["cpu"])
    await machine.devices()
    one = Ends(machine, "ray/box-a/cpu", "cpu")
    await eventually(lambda: any(isinstance(report, HostReady) for report in one.reports))
    one.link.kill()
    await eventually(lambda: one.ends)
    assert one.ends == [LinkEnd.of(-9)]
    two = Ends(machine, "ray/box-a/cpu", "cpu")
    await eventually(lambda: two.reports)
    two.link.close()
    await eventually(lambda: not any(map(_is_actor, nodes.processes("box-a"))))
    assert not two.ends
    nodes.kill("box-b")
    three = Ends(machine, "ray/box-b/cpu", "cpu")
    await eventually(lambda: three.ends)
    assert three.ends[0].is_lost
    nodes.add("box-b")
    machine.close()


async def test_ray_client_reaches_a_cluster_from_outside(nodes: Nodes, tmp_path: Path) -> None:
    outside = Cluster(nodes.client, tmp_path)
    for _ in range(3):  # Ray gives its server for a client 30 s to start, which a busy box misses
        with contextlib.suppress(Retryable):
            await outside.machine.devices()
            break
    outside.machine.close()
    assert await asyncio.gather(*(outside.rest(number) for number in range(4))) == [0, 1, 2, 3]
    outside.hosts.close()


async def test_a_wrong_token_is_refused_in_words(
    nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("0" * 40)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    for address in (nodes.address, nodes.client):
        with pytest.raises(Blocked, match=r"refuses the token of this machine\.") as caught:
            await RayMachine(f"ray://{address}").devices()
        assert "~/.ray/auth_token" in caught.value.remedy


LEFT = """
import ray, sys
from ray._private.internal_api import memory_summary
ray.init(sys.argv[1], log_to_driver=False, logging_level="error")
print(memory_summary(stats_only=True))
"""


async def test_nothing_is_left_in_the_object_store(cluster: Cluster, nodes: Nodes) -> None:
    data = os.urandom(2_000_000)
    async with asyncio.timeout(PATIENCE):
        for _ in range(5):
            assert await cluster.hosts.infer(task(data, "tight"), Ear()) == data
    environment = {**os.environ, **nodes.environment}
    command = [sys.executable, "-c", LEFT, nodes.address]
    summary = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, env=environment, check=True
    )
    assert "0 MiB, 0 objects" in summary.stdout, summary.stdout
