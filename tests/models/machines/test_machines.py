"""Machines reached by ssh: what is lost with one is done on another."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.cli.app import main
from engine.contract import Blocked, Retryable, Task
from engine.models.hosts.devices import Device
from tests.models.hosts.conftest import Trial
from tests.models.machines.conftest import Far
from tests.support.engines import PATIENCE, eventually
from tests.support.ssh_machines import lines_of
from tests.support.toy_models import key, task

SECONDS = 0.05
SILENCE = 2.0


def works(log: Path, number: int, device: str = "", data: bytes = b"") -> Task:
    """A task that takes some time and leaves a trace."""
    payload = {"id": number, "log": str(log), "seconds": SECONDS, "data": data}
    return task(payload, "work", key(device=device, most=1))


def rows(hosts: Trial) -> dict[str, Any]:
    """Status of each device."""
    return {state.device: state for state in hosts.hosts.states()}


async def test_a_machine_that_is_named_works_and_what_it_has_is_not_sent_again(
    far: Far, tmp_path: Path
) -> None:
    hosts, machines = await far("gpu-a")
    picture = os.urandom(400_000)
    answers = await hosts.answers(
        *(works(tmp_path / "log", number, "gpu-a/cpu", picture) for number in range(12))
    )
    assert [answer["data"] == picture for answer in answers] == [True] * 12
    assert len({answer["pid"] for answer in answers}) == 1
    assert machines["gpu-a"].proxy.up < 1.3 * len(picture)
    state = rows(hosts)["gpu-a/cpu"]
    assert (state.machine, state.link, state.pid) == ("gpu-a", "connected", None)
    await hosts.until(lambda: rows(hosts)["gpu-a/cpu"].latency_ms)
    assert "Safelight" in state.version and "Python" in state.version
    (worker,) = machines["gpu-a"].workers()
    await ends_with_its_link(hosts, worker, tmp_path / "never")


async def ends_with_its_link(hosts: Trial, worker: psutil.Process, never: Path) -> None:
    """Also in the middle of a step, and stopped."""
    hosts.ask(task(str(never), "wait_for", key(device="gpu-a")))
    await asyncio.sleep(0.1)
    worker.suspend()
    hosts.hosts.close()
    await eventually(lambda: not worker.is_running())


async def test_machines_that_are_lost_lose_nothing(far: Far, tmp_path: Path) -> None:
    hosts, machines = await far("gone", "frozen", "cut", silence_seconds=SILENCE)
    log = tmp_path / "log"
    await hosts.answers(*(works(log, -1, name) for name in machines))
    asked = [hosts.ask(works(log, number)) for number in range(64)]
    (frozen,) = machines["frozen"].workers()
    await hosts.until(lambda: sum(one.done() for one in asked) > 8)
    machines["gone"].proxy.is_dead = True
    frozen.suspend()
    machines["cut"].proxy.is_dead = True
    await hosts.until(lambda: rows(hosts)["cut/cpu"].link == "lost")
    machines["cut"].proxy.is_dead = False
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(*asked)
    assert [answer["id"] for answer in answers] == list(range(64))
    # Nothing has to wait for a machine that was lost with nothing in work.
    await hosts.until(lambda: losses(hosts) >= 3)
    assert_done_no_more_than_needed(hosts, log)
    await eventually(lambda: not frozen.is_running())
    assert (await hosts.answer(works(log, 99, "cut")))["id"] == 99
    assert (await hosts.answer(works(log, 99, "frozen")))["pid"] != frozen.pid
    gone = rows(hosts)["gone/cpu"]
    assert gone.link == "lost" and gone.message


def losses(hosts: Trial) -> int:
    return sum(state.restarts for state in hosts.hosts.states())


def assert_done_no_more_than_needed(hosts: Trial, log: Path) -> None:
    """A loss costs at most the batch in work and the one that was sent ahead."""
    begun = [words[0] for words in lines_of(log) if words[0] != "-1"]
    assert 64 <= len(begun) <= 64 + 2 * losses(hosts)


async def test_a_task_that_kills_its_far_host_is_to_blame(far: Far) -> None:
    hosts, _ = await far("gpu-a", batch_wait_seconds=1)
    model = key(most=3, device="gpu-a")
    good, poison, fine = await hosts.answers(
        *(task(text, "die_always", model) for text in ("good", "poison", "fine"))
    )
    assert (good, fine) == ("good", "fine")
    assert isinstance(poison, Retryable) and "SIGKILL" in poison.message


async def test_what_a_machine_lacks_is_done_on_another(
    far: Far, caplog: pytest.LogCaptureFixture
) -> None:
    hosts, _ = await far("gpu-a")
    await hosts.answer(task("x", model=key(device="gpu-a")))
    with pytest.raises(Blocked, match="gpu-a: The weights are not here"):
        await hosts.answer(task("x", model=key("lacking", device="gpu-a", load="blocked")))
    with pytest.raises(Blocked, match="gpu-a: The weights are not here"):
        await hosts.answer(task("y", model=key("lacking", device="gpu-a", load="blocked")))
    assert "cannot load lacking" in caplog.text


async def test_a_machine_that_is_off_holds_nothing_up(far: Far) -> None:
    hosts, machines = await far("gpu-a", silence_seconds=0.5, broken_seconds=0)
    machines["gpu-a"].proxy.is_dead = True
    assert (await hosts.answer(task("x", model=key(device="cpu"))))["said"] == "X"
    await hosts.until(lambda: rows(hosts)["gpu-a"].link in ("lost", "connecting"))
    with pytest.raises(Blocked, match="there is cpu here"):
        await hosts.answer(task("x", model=key(device="gpu-a")))
    machines["gpu-a"].proxy.is_dead = False
    await hosts.until(lambda: hosts.hosts.reload(hosts.settings) or "gpu-a/cpu" in rows(hosts))
    assert (await hosts.answer(task("x", model=key(device="gpu-a/cpu"))))["said"] == "X"


async def test_the_doctor_reaches_each_machine(
    far: Far, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await far("gpu-a")
    await asyncio.to_thread(main, ["init", "--workspace", str(tmp_path)])
    (tmp_path / "safelight.toml").write_text(
        '[hosts]\nmachines = ["gpu-a", "stranger"]\n'
        f'[hosts.machine."gpu-a"]\npython = "{sys.executable}"\ndevices = ["cpu"]\n'
    )

    def doctor() -> str:
        main(["doctor", "--workspace", str(tmp_path)])
        return " ".join(capsys.readouterr().out.split())

    refused = await asyncio.to_thread(doctor)
    assert "✗ machine: gpu-a is not used" in refused and "safelight trust" in refused
    await asyncio.to_thread(main, ["trust", str(tmp_path)])
    checked = await asyncio.to_thread(doctor)
    assert "✓ machine: gpu-a has gpu-a/cpu" in checked and "Python" in checked
    assert "✗ machine: stranger cannot be reached" in checked


async def test_a_far_host_ends_with_an_engine_that_is_killed(far: Far, tmp_path: Path) -> None:
    _, machines = await far("gpu-a")
    script = ENGINE.format(told=str(tmp_path / "told"), python=sys.executable)
    engine = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    await eventually((tmp_path / "told").exists)
    (worker,) = machines["gpu-a"].workers()
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    await eventually(lambda: not worker.is_running())


ENGINE = """
import asyncio
from engine.models.hosts.model_hosts import ModelHosts
from engine.contract.host_settings import HostSettings
from tests.models.hosts.conftest import Ear
from tests.support.toy_models import key, task

async def main():
    machine = {{"gpu-a": {{"python": {python!r}, "devices": ["cpu"]}}}}
    hosts = ModelHosts(HostSettings(machines=["gpu-a"], machine=machine), machines=["gpu-a"])
    await hosts.infer(task({told!r}, "hang", key(device="gpu-a")), Ear())

asyncio.run(main())
"""


def test_devices_have_a_machine_in_their_names() -> None:
    device = Device("cuda:1", "RTX").on("gpu-b:2222")
    assert (device.id, device.kind, device.torch) == ("gpu-b:2222/cuda:1", "cuda", "cuda:1")
    for wanted in ("cuda", "gpu-b:2222", "gpu-b:2222/cuda", "gpu-b:2222/cuda:1"):
        assert device.suits(wanted)
    for other in ("cuda:1", "cpu", "gpu-a", "gpu-b:2222/cuda:0", ""):
        assert not device.suits(other)
