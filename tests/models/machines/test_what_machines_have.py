"""Models run where their packages and weights are, also if that is only on another machine."""

import asyncio
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.contract import BaseBackend, Blocked, MissingRequirement, Permanent, Retryable
from engine.contract.model_host import ModelNeeds
from engine.contract.packages import missing_packages
from engine.models.hosts import codec, messages, refusals
from engine.models.hosts.replies import settle
from engine.models.hosts.status import KnownModels
from engine.models.hosts.tasks import PendingTask
from tests.models.hosts.conftest import Ear, Trial
from tests.models.machines.conftest import Far
from tests.support.engines import PATIENCE
from tests.support.optional import HOSTING_TORCH, needs
from tests.support.ssh_machines import SSH, SSHD, SimulatedMachine, simulated_machines
from tests.support.toy_models import key, task

REPO = "org/toy"


class Hosted(BaseBackend):
    """A backend whose package and weights are not on this machine."""

    def __init__(self, package: str = "only_there", repo: str = REPO) -> None:
        self._package, self._repo = package, repo

    def missing(self) -> list[MissingRequirement]:
        return [missing_packages(self._package, extra="local", elsewhere=True)]

    def needs(self) -> ModelNeeds:
        return ModelNeeds((self._package,), (("toy", self._repo), ("own", "/no/such/folder")))


def equip(machine: SimulatedMachine, *, package: bool = True, weights: bool = True) -> None:
    """Give a machine the package and the weights."""
    if package:
        (machine.folder / "site").mkdir()
        (machine.folder / "site/only_there.py").touch()
    if weights:
        (machine.folder / "hub/models--org--toy/snapshots/1").mkdir(parents=True)


def ask(hosts: Trial, number: int, backend: BaseBackend, device: str = "") -> "asyncio.Task[Any]":
    model = key("hosted", device=device, most=1)
    return asyncio.create_task(hosts.hosts.infer(task(str(number), model=model), Ear(), backend))


async def test_tasks_go_where_packages_and_weights_are(far: Far) -> None:
    hosts, machines = await far("bare", "half", "full", silence_seconds=5)
    equip(machines["half"], weights=False)
    equip(machines["full"])
    async with asyncio.timeout(PATIENCE):
        assert await hosts.hosts.lacking(Hosted()) == []
        await asyncio.gather(*(ask(hosts, number, Hosted()) for number in range(6)))
        with pytest.raises(Blocked, match=r"the weights toy.* on half") as caught:
            await ask(hosts, 1, Hosted(), "half")
    assert caught.value.remedy == f"On half: safelight models pull {REPO}"
    used = {state.device for state in hosts.hosts.states() if state.models}
    assert used == {"full/cpu"}
    assert hosts.hosts.take_news() and not hosts.hosts.take_news()
    (nowhere,) = await hosts.hosts.lacking(Hosted(repo="org/other"))
    for word in ("only_there on this machine", "on bare", "org/other) on half", "on full"):
        assert word in nowhere.what
    for word in ("on full: safelight models pull org/other", "on this machine: ", "On bare, inst"):
        assert word in nowhere.remedy
    assert nowhere.reason == "backend"


async def test_a_machine_that_has_not_answered_yet_is_waited_for(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.models.hosts.model_hosts.FIRST_SECONDS", 0.1)
    hosts, machines = await far("gpu-a", silence_seconds=0.5)
    equip(machines["gpu-a"])
    machines["gpu-a"].proxy.is_dead = True
    (waits,) = await hosts.hosts.lacking(Hosted())
    assert waits.reason == "backend" and "an answer of gpu-a" in waits.what
    machines["gpu-a"].proxy.is_dead = False
    hosts.hosts.reload(hosts.settings)
    await hosts.until(hosts.hosts.take_news)
    assert await hosts.hosts.lacking(Hosted()) == []


async def test_machines_may_change_while_the_engine_runs(far: Far) -> None:
    hosts, machines = await far("old", "new")
    hosts.hosts.reload(hosts.settings, ["old"])
    await hosts.answer(task("x", model=key(device="old")))
    (worker,) = machines["old"].workers()
    slow = {"id": 1, "log": str(machines["old"].folder / "did"), "seconds": 0.5, "data": b""}
    busy = hosts.ask(task(slow, "work", key(device="old")))
    await hosts.until((machines["old"].folder / "did").exists)
    hosts.hosts.use_machines(hosts.settings, ["new"], {})
    with pytest.raises(Blocked, match="to run on old"):
        await hosts.answer(task("y", model=key(device="old")))
    assert (await busy)["id"] == 1  # what it had begun is ended
    await hosts.until(lambda: not worker.is_running())
    assert (await hosts.answer(task("x", model=key(device="new"))))["said"] == "X"
    assert {state.machine for state in hosts.hosts.states()} == {"", "new"}


def test_a_model_that_was_refused_is_tried_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(refusals, "time", SimpleNamespace(monotonic=lambda: clock.now))
    refused, model = refusals.Refusals(), key("lacking")
    report = messages.ModelLoadFailed(model, messages.TaskBug("X", "y", ""))
    pauses = []
    for _ in range(8):
        refused.add(report)
        since = clock.now
        while refused.holds(model):
            clock.now += 10
        pauses.append(clock.now - since)
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]
    assert refused.answer(model) is report
    refused.forget(model)
    assert refused.answer(model) is None


async def test_what_a_far_failure_says_of_costs_and_lanes_is_not_believed() -> None:
    for error in (Blocked("x", reason="weights"), Retryable("x", pressure="limit", retry_after=9)):
        error.cost = 10**9
        if isinstance(error, Blocked):
            error.lane = "paid"
        waiting = PendingTask(task("x"), b"", asyncio.get_running_loop().create_future(), Ear())
        settle(waiting, messages.TaskRefused(codec.pack_error(error)), "gpu-a")
        found = waiting.answer.exception()
        assert isinstance(found, Blocked | Retryable) and found.cost == 0
        assert not (getattr(found, "lane", None) or getattr(found, "pressure", None))
    for bad in (Permanent("x", cost=-1), Retryable("x", retry_after=float("nan"))):
        with pytest.raises(codec.NotPlainData):
            codec.unpack_error(codec.pack_error(bad))


def test_what_a_machine_says_of_sizes_counts_for_itself() -> None:
    known, model = KnownModels.nothing(), key("a")
    known.learn_most(model, "gpu-a", 4)
    known.learn_size(model, "gpu-a", 2**50)
    assert (known.size(model, ""), known.size(model, "gpu-b")) == (0, 0)
    known.learn_most(model, "", 2)
    known.learn_most(model, "gpu-a", 1024)
    assert (known.most[model], known.size(model, "gpu-a")) == (2, 2**50)


BLOCK = """
from importlib.machinery import PathFinder
NAMES = ("torch", "diffusers", "transformers", "accelerate", "huggingface_hub", "safetensors")
found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *args: None if name in NAMES else found(name, *args)
"""
"""Python's start on a machine without the packages."""


PREPARE = "from tests.support import media_shim\nmedia_shim.install()\n"


@pytest.mark.slow
@pytest.mark.xdist_group(HOSTING_TORCH)
async def test_a_machine_without_torch_uses_another_ones(tmp_path: Path) -> None:
    needs("torch", "diffusers")
    if SSHD is None or SSH is None:
        pytest.skip("there is no sshd here")
    async with simulated_machines(tmp_path / "far", "gpu-a", by_proxy=False) as machines:
        laptop = Laptop(tmp_path, machines["gpu-a"])
        (machines["gpu-a"].folder / "site").mkdir()
        (machines["gpu-a"].folder / "site/sitecustomize.py").write_text(PREPARE)
        parked = await asyncio.to_thread(laptop.run)
        assert "the weights diffusers (tiny/sdxl) on gpu-a" in parked
        assert "On gpu-a: safelight models pull tiny/sdxl" in parked
        from tests.support import tiny_pipelines as tiny

        tiny.prepare()
        snapshot = machines["gpu-a"].folder / "hub/models--tiny--sdxl/snapshots/abc"
        await asyncio.to_thread(tiny.saved, tiny.sdxl, snapshot)
        (snapshot.parents[1] / "refs").mkdir()
        (snapshot.parents[1] / "refs/main").write_text("abc")
        listed = await asyncio.to_thread(laptop.safelight, "backends")
        assert "on gpu-a" in listed
        await asyncio.to_thread(laptop.run)
    assert len(list(laptop.root.glob("outputs/**/*.png"))) >= 2


class Laptop:
    """A workspace on a machine without torch, used from the command line."""

    def __init__(self, folder: Path, machine: SimulatedMachine) -> None:
        self.root = folder / "workspace"
        self._start = folder / "start"
        self._start.mkdir()
        (self._start / "sitecustomize.py").write_text(BLOCK)
        self.safelight("init")
        (folder / "in.txt").write_text("a red barn\na blue door\n")
        self._input = str(folder / "in.txt")
        (self.root / "safelight.toml").write_text(
            f'[hosts]\nmachines = ["{machine.name}"]\n[hosts.machine."{machine.name}"]\n'
            f'python = "{sys.executable}"\ndevices = ["cpu"]\n'
        )
        self.safelight("trust")

    def safelight(self, *args: str) -> str:
        import os

        command = [sys.executable, "-m", "safelight", *args, "--workspace", str(self.root)]
        env = {**os.environ, "PYTHONPATH": str(self._start), "COLUMNS": "2000"}
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        return done.stdout + done.stderr

    def run(self) -> str:
        chosen = {"image": "diffusers", "diffusers.model": "tiny/sdxl", "diffusers.steps": 2}
        chosen |= {"width": 64, "height": 64, "max_iterations": 1}
        options = [part for name, value in chosen.items() for part in ("--set", f"{name}={value}")]
        return self.safelight("run", "refine", self._input, *options)
