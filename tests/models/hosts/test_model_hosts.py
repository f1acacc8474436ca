"""Hosts as processes: batches, devices side by side, memory, giving up."""

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.contract import Blocked, Permanent, Retryable
from engine.models.hosts import messages
from engine.models.hosts.links.pipe import PipeLink
from engine.models.hosts.replies import ModelBug
from engine.models.hosts.status import HostStatus
from tests.models.hosts.conftest import Ear, MakeTrial, Trial
from tests.support.toy_models import key, task


def gone(pid: int | None) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def shown(state: HostStatus) -> list[tuple[str, int, bool]]:
    """Name, bytes and place of each loaded model."""
    return [(model.name, model.bytes, model.offloaded) for model in state.models]


async def busy(trial: Trial, gate: Path, **options: Any) -> "asyncio.Task[Any]":
    """Has a host work until a file is there."""
    asked = trial.ask(task(str(gate), "wait_for", **options))
    await trial.until(Path(f"{gate}.begun").exists)
    return asked


async def test_what_comes_while_a_host_is_busy_is_its_next_batch(
    trial: MakeTrial, tmp_path: Path
) -> None:
    gate, hosts = tmp_path / "gate", trial(batch_wait_seconds=0.1)
    first = asyncio.create_task(hosts.answer(task(str(gate), "wait_for", key(most=4))))
    await hosts.until(Path(f"{gate}.begun").exists)
    texts = [hosts.ask(task(text, model=key(most=4))) for text in "abcde"]
    other = hosts.ask(task("z", model=key(most=4), group="wide"))
    await asyncio.sleep(0)
    assert (hosts.state().running, hosts.state().waiting) == (1, 6)
    gate.touch()
    assert await first == 1
    said = await asyncio.gather(*texts, other)
    assert [answer["said"] for answer in said] == list("ABCDEZ")
    assert [answer["together"] for answer in said] == [4, 4, 4, 4, 1, 1]
    assert len({answer["pid"] for answer in said}) == 1
    assert said[0]["device"] == "cpu"


async def test_two_devices_work_at_once(trial: MakeTrial, tmp_path: Path) -> None:
    hosts = trial(devices=["cpu", "cpu:1"], largest_batch=1)
    one, two = tmp_path / "one", tmp_path / "two"
    both = [await busy(hosts, one), await busy(hosts, two)]
    assert [state.state for state in hosts.hosts.states()] == ["busy", "busy"]
    assert len({state.pid for state in hosts.hosts.states()}) == 2
    two.touch()
    assert await both[1] == 1
    assert not both[0].done()
    one.touch()
    assert await both[0] == 1


async def test_a_batch_that_is_taken_back_is_not_done_by_the_host_that_had_it(
    trial: MakeTrial, tmp_path: Path
) -> None:
    hosts, gate, ear = trial(largest_batch=1), tmp_path / "gate", Ear()
    model = key(log=str(tmp_path / "log"))
    first = await busy(hosts, gate, model=model)
    host = hosts.hosts._hosts[0]
    second = hosts.ask(task("x", "say", model), ear)
    await hosts.until(lambda: host.ahead is not None)
    tasks = host.take_back()
    assert len(tasks) == 1 and host.ahead is None
    first.cancel()  # the host hears of this after that
    assert (await hosts.answer(task("y", "tight", model))) == "y"
    assert not second.done()
    hosts.hosts._backlog.put_back(tasks)
    hosts.hosts._dispatch()
    assert (await second)["said"] == "X"
    assert (tmp_path / "log").read_text().count(" say ") == 1
    assert ear.heard == ["waits", "begins"]


async def test_a_model_runs_where_it_says(trial: MakeTrial) -> None:
    hosts = trial(devices=["cpu", "cpu:1"])
    assert (await hosts.answer(task("a", model=key(device="cpu:1"))))["device"] == "cpu"
    assert [state.pid is None for state in hosts.hosts.states()] == [True, False]
    with pytest.raises(Blocked, match=r"toy is to run on cuda:7, and there is cpu, cpu:1 here"):
        await hosts.answer(task("a", model=key(device="cuda:7")))


async def test_models_go_by_use_within_the_memory(trial: MakeTrial, tmp_path: Path) -> None:
    log = tmp_path / "log"
    hosts = trial(memory_gib={"cpu": 1000 / 2**30})
    a, b, c = (key(name, size=400, log=str(log)) for name in "abc")
    for model in (a, b, a, c):
        await hosts.answer(task("x", model=model))
    state = hosts.state()
    assert shown(state) == [("a", 400, False), ("c", 400, False)]
    assert (state.memory_budget, state.memory_used) == (1000, 800)
    assert "b close" in log.read_text()
    huge = key("huge", size=2000, log=str(log))
    for _ in range(2):
        with pytest.raises(Permanent, match=r"huge takes 0\.0 MiB, and models may fill"):
            await hosts.answer(task("x", model=huge))
    assert log.read_text().count("huge load") == 1  # known now


async def test_a_size_that_fits_nowhere_here_may_fit_on_the_other_device(trial: MakeTrial) -> None:
    hosts = trial(devices=["cpu", "cpu:1"], memory_gib={"cpu": 2e-7, "cpu:1": 1e-6})
    assert (await hosts.answer(task("x", model=key(size=500))))["said"] == "X"
    assert shown(hosts.state(1)) == [("toy", 500, False)]


async def test_progress_and_previews_are_passed_on(trial: MakeTrial) -> None:
    hosts, ear = trial(), Ear()
    assert await hosts.ask(task("a", "draw"), ear) == "a"
    assert ear.heard == [
        "waits",
        (None, "loading toy on cpu"),
        "begins",
        (0.5, "half of a"),
        b"preview of a",
    ]


async def test_what_is_given_up_while_it_waits_is_never_done(
    trial: MakeTrial, tmp_path: Path
) -> None:
    gate, log, hosts = tmp_path / "gate", tmp_path / "log", trial()
    first = await busy(hosts, gate, model=key(log=str(log)))
    second = hosts.ask(task("x", model=key(log=str(log))))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert hosts.state().waiting == 0
    gate.touch()
    assert await first == 1
    assert " say " not in log.read_text()


async def test_a_task_that_is_given_up_leaves_the_others_of_its_batch(
    trial: MakeTrial, tmp_path: Path
) -> None:
    log, hosts = tmp_path / "log", trial(batch_wait_seconds=1)
    gates = [tmp_path / "one", tmp_path / "two"]
    model = key(log=str(log), most=2)
    one, two = (hosts.ask(task(str(gate), "wait_for", model)) for gate in gates)
    await hosts.until(Path(f"{gates[0]}.begun").exists)
    pid = hosts.state().pid
    one.cancel()
    gates[1].touch()
    assert await two == 2
    assert "given up" in log.read_text()
    assert hosts.state().pid == pid
    assert hosts.state().restarts == 0


async def test_a_model_that_does_not_stop_is_ended(trial: MakeTrial, tmp_path: Path) -> None:
    hosts, told = trial(), tmp_path / "told"
    hung = hosts.ask(task(str(told), "hang"))
    await hosts.until(told.exists)
    pid = hosts.state().pid
    hung.cancel()
    await hosts.until(lambda: gone(pid))
    assert (await hosts.answer(task("a")))["pid"] != pid
    assert hosts.state().restarts == 1


async def test_a_model_that_loads_for_ever_is_ended(trial: MakeTrial, tmp_path: Path) -> None:
    hosts = trial(load_seconds=0.01)
    model = key(load="wait", until=str(tmp_path / "never"))
    with pytest.raises(Retryable, match=r"for more than 0\.01 seconds"):
        await hosts.answer(task("a", model=model))


async def test_a_host_with_nothing_to_do_ends_and_starts_again(trial: MakeTrial) -> None:
    hosts = trial(idle_seconds=1e-9)
    pid = (await hosts.answer(task("a")))["pid"]
    hosts.hosts.tick()
    state = hosts.state()
    assert (state.state, state.pid, state.models, state.restarts) == ("stopped", None, (), 0)
    await hosts.until(lambda: gone(pid))
    assert (await hosts.answer(task("a")))["pid"] != pid


@pytest.mark.parametrize("number", [10, 200_000])
async def test_large_payloads_and_answers(trial: MakeTrial, number: int) -> None:
    blob = os.urandom(100) * number
    assert await trial().answer(task(blob, "tight")) == blob


async def test_failures_arrive_as_they_were_raised(trial: MakeTrial) -> None:
    hosts = trial()
    whats = ["permanent", "blocked", "retryable", "bug", "object", "lambda", "fine"]
    failures = await asyncio.gather(
        *(hosts.ask(task(what, "fail", group=what)) for what in whats), return_exceptions=True
    )
    permanent, blocked, retryable, bug, hostile, unpicklable, fine = failures
    assert isinstance(permanent, Permanent) and permanent.cost == 7
    assert isinstance(blocked, Blocked) and blocked.reason == "weights"
    assert isinstance(retryable, Retryable) and retryable.pressure == "overload"
    assert isinstance(bug, ModelBug) and "ZeroDivisionError" in str(bug)
    assert "in fail" not in str(bug) and "in fail" in str(bug.__cause__)
    assert isinstance(hostile, ModelBug) and "a Hostile is not plain data" in str(hostile)
    assert isinstance(unpicklable, ModelBug) and "a function is not plain data" in str(unpicklable)
    assert fine == "fine"
    assert hosts.state().restarts == 0


async def test_a_payload_that_is_not_plain_data_is_refused(trial: MakeTrial) -> None:
    hosts = trial()
    with pytest.raises(Exception, match="not plain data"):
        await hosts.answer(task(lambda: None))
    assert hosts.state().pid is None


@pytest.mark.parametrize(
    ("load", "kind", "words"),
    [
        ("blocked", Blocked, "The weights are not here"),
        ("bug", ModelBug, "LookupError: no such layer"),
        ("memory", Permanent, "takes more memory than there is"),
    ],
)
async def test_a_model_that_cannot_be_loaded_is_everybodys_failure(
    trial: MakeTrial, load: str, kind: type[Exception], words: str
) -> None:
    hosts = trial()
    found = await hosts.answers(*(task(text, model=key(load=load)) for text in "ab"))
    assert [type(error) for error in found] == [kind] * 2
    assert all(words in str(error) for error in found)
    assert (await hosts.answer(task("c")))["said"] == "C"


async def test_a_loader_that_is_not_there_is_a_defect(trial: MakeTrial) -> None:
    with pytest.raises(ModelBug, match="no_such_loader"):
        await trial().answer(task("a", model=key(loader="no_such_loader")))


async def test_the_state_can_be_shown(trial: MakeTrial) -> None:
    hosts = trial()
    assert hosts.hosts.states() == []
    await hosts.answer(task("a", model=key(size=5)))
    state = hosts.state()
    assert (state.state, state.running, state.waiting, state.message) == ("idle", 0, 0, "")
    assert state.memory_total and state.memory_budget and state.name
    assert psutil.pid_exists(state.pid or 0)
    assert shown(state) == [("toy", 5, False)]
    assert state.models[0].seconds


async def test_closing_ends_hosts_in_the_middle_of_a_batch(
    trial: MakeTrial, tmp_path: Path
) -> None:
    hosts = trial()
    asked = await busy(hosts, tmp_path / "gate")
    pid = hosts.state().pid
    hosts.hosts.close()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await hosts.until(lambda: gone(pid))


async def test_what_was_given_up_before_it_began_does_not_begin_and_may_not_hang(
    trial: MakeTrial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = PipeLink.send

    def deaf(process: PipeLink, command: messages.HostCommand) -> None:
        """As if the word that it is given up came too late."""
        if not isinstance(command, messages.CancelTask):
            send(process, command)

    monkeypatch.setattr(PipeLink, "send", deaf)
    hosts, gate, ear = trial(largest_batch=1), tmp_path / "gate", Ear()
    first = await busy(hosts, gate)
    second = hosts.ask(task(str(tmp_path / "pid"), "hang"), ear)
    await hosts.until(lambda: hosts.hosts._hosts[0].ahead is not None)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.touch()
    assert await first == 1
    assert (await hosts.answer(task("x")))["said"] == "X"
    assert ear.heard == ["waits"]
