"""Hosts that die: what they were at is done again, and nobody else's work is lost."""

import logging
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.contract import Blocked, Retryable
from tests.models.hosts.conftest import MakeTrial
from tests.models.hosts.test_model_hosts import gone
from tests.support.engines import eventually
from tests.support.toy_models import key, task

HOSTS = """
import asyncio, sys
from engine.models.hosts.model_hosts import ModelHosts
from engine.contract.host_settings import HostSettings
from tests.models.hosts.conftest import Ear
from tests.support.toy_models import task

async def main():
    hosts = ModelHosts(HostSettings(devices=["cpu"]))
    await hosts.infer(task(sys.argv[1], "hang"), Ear())

asyncio.run(main())
"""


async def test_a_host_that_dies_takes_nobody_along_but_who_did_it(
    trial: MakeTrial, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = trial(batch_wait_seconds=1)
    model = key(most=3)
    good, poison, fine = await hosts.answers(
        *(task(text, "die_always", model) for text in ("good", "poison", "fine"))
    )
    assert (good, fine) == ("good", "fine")
    assert isinstance(poison, Retryable)
    assert "SIGKILL" in poison.message
    assert "killed for memory" in poison.remedy
    assert hosts.state().restarts == 2
    assert "last words of a host" in caplog.text


async def test_a_batch_that_took_its_host_along_is_smaller_from_then_on(trial: MakeTrial) -> None:
    hosts = trial(batch_wait_seconds=0.1)
    model = key(most=4)
    await hosts.answers(*(task(text, "die_always", model) for text in ("poison", "a", "b", "c")))
    assert hosts.hosts._fitting.most((model, "die_always", ""), 4) == 2


@pytest.mark.parametrize("load", ["", "die"])
async def test_a_host_that_always_dies_is_left_alone_until_resumed(
    trial: MakeTrial, tmp_path: Path, load: str
) -> None:
    hosts = trial(max_crashes=2)
    model = key(load=load) if load else key()
    for _ in range(2):
        with pytest.raises(Retryable):
            await hosts.answer(task("poison", "die_always", model))
    with pytest.raises(Blocked, match=r"died 2 times in a row \(died: ") as caught:
        await hosts.answer(task("fine", "die_always"))
    assert caught.value.reason == "backend"
    assert hosts.state().state == "stopped"
    hosts.hosts.reload(hosts.settings)
    assert await hosts.answer(task("fine", "die_always")) == "fine"
    assert hosts.state().message == ""


async def test_what_waits_for_a_host_that_is_left_alone_is_told(
    trial: MakeTrial, tmp_path: Path
) -> None:
    hosts = trial(max_crashes=1)
    found = await hosts.answers(task("poison", "die_always"), task("later", "say"))
    assert [type(error) for error in found] == [Retryable, Blocked]


async def test_a_device_that_fails_gets_a_new_process(
    trial: MakeTrial, caplog: pytest.LogCaptureFixture
) -> None:
    hosts = trial()
    with pytest.raises(Retryable, match="its device failed"):
        await hosts.answer(task("cuda", "fail"))
    assert "illegal memory access" in caplog.text
    assert await hosts.answer(task("fine", "fail")) == "fine"


async def test_a_host_that_babbles_is_ended_and_runs_nothing_here(
    trial: MakeTrial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = trial()
    with pytest.raises(Retryable, match="SIGKILL"):
        await hosts.answer(task("x", "babble"))
    assert not (tmp_path / "hostile").exists()
    assert (await hosts.answer(task("x")))["said"] == "X"


async def test_logs_of_hosts_are_the_engines(
    trial: MakeTrial, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await trial().answer(task("hello\x1b[2J", "log"))
    assert "cpu: tests.support.toy_models: hello" in caplog.text


async def test_hosts_end_with_an_engine_that_is_killed_alone(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", HOSTS, str(told)]
    engine = subprocess.Popen(command, start_new_session=True)
    await eventually(lambda: told.exists() and told.read_text())
    children = [child.pid for child in psutil.Process(engine.pid).children(recursive=True)]
    assert int(told.read_text()) in children
    for child in children:  # a signal to the whole group is not for hosts
        psutil.Process(child).send_signal(signal.SIGINT)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    await eventually(lambda: all(gone(pid) for pid in children))


def test_an_engine_that_forgets_its_hosts_can_end(tmp_path: Path) -> None:
    script = HOSTS.replace('"hang"', '"say"')
    command = [sys.executable, "-c", script, "x"]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_host_leaves_no_semaphores_behind(tmp_path: Path) -> None:
    """Those of tqdm would be complained of on the terminal when the engine has ended."""
    pytest.importorskip("tqdm")
    script = HOSTS.replace('"hang"), Ear())', '"bar"), Ear())\n    hosts.close()')
    command = [sys.executable, "-c", script, "x"]
    done = subprocess.run(command, timeout=60, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_what_was_sent_ahead_to_a_host_that_died_is_done_again(
    trial: MakeTrial, tmp_path: Path
) -> None:
    hosts, gate = trial(largest_batch=1), tmp_path / "gate"
    first = hosts.ask(task(str(gate), "wait_and_die"))
    await hosts.until(Path(f"{gate}.begun").exists)
    second = hosts.ask(task("x"))
    await hosts.until(lambda: hosts.hosts._hosts[0].ahead is not None)
    gate.touch()
    assert (await second)["said"] == "X"
    with pytest.raises(Retryable):
        await first
    assert hosts.state().restarts == 2
