"""Hosts through the engine: steps batched across jobs, run again after a crash, shown, stopped."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from db.queries import batches, jobs
from db.rows import HostRow
from engine.client.hub import adopt_hub_variables
from engine.contract import CallContext, Task
from engine.contract.host_settings import HostSettings
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support.engines import Toy, eventually
from tests.support.toy_models import key, task


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A workspace whose models run on the processor."""
    made = Toy(tmp_path)
    made.settings.hosts = HostSettings(devices=["cpu"], grace_seconds=0.05)
    return made


def hosted(toy: Toy, describe: Callable[[str], Task]) -> None:
    """Has every step of the toy done by a host."""

    async def infer(request: RefineRequest, context: CallContext) -> Refinement:
        answer = await context.infer(describe(request.brief))
        return Refinement(prompt=str(answer), reason="", author="host")

    toy.backend.reply = infer


def shown(toy: Toy) -> list[HostRow]:
    found: list[HostRow] = toy.read(batches.hosts)
    return found


def answers(toy: Toy) -> list[str]:
    return [json.loads(str(job.result))["answers"][0] for job in toy.jobs()]


async def test_steps_of_several_jobs_are_one_batch(toy: Toy, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    hosted(toy, lambda _brief: task(str(gate), "wait_for", key(size=7)))
    toy.queue(5, overrides={"steps": 1})
    async with toy.running():
        await eventually(Path(f"{gate}.begun").exists)
        host = await eventually(
            lambda: next((h for h in shown(toy) if h.state == "busy" and h.running), None)
        )
        assert (host.device, host.message) == ("cpu", "toy: wait_for")
        await eventually(lambda: shown(toy)[0].running + shown(toy)[0].waiting == 5)
        shown_model = {"name": "toy", "bytes": 7, "offloaded": False, "seconds": None}
        assert json.loads(host.models) == [shown_model]
        assert psutil.pid_exists(host.pid or 0)
        first = host.running
        gate.touch()
        await eventually(lambda: toy.batch().state == "done")
        await eventually(lambda: shown(toy)[0].state == "idle")
    assert shown(toy) == []
    rest = [5 - first] * (5 - first)
    assert sorted(map(int, answers(toy))) == sorted([first] * first + rest)


async def test_a_host_has_the_hubs_variables_of_the_workspace_and_nothing_is_told_of_them(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HF_TOKEN", "")  # or what is adopted here would outlive the test
    caplog.set_level("DEBUG")
    token = "hf_" + "x9" * 16
    (toy.paths.root / ".env").write_text(f"HF_TOKEN=other\nOWN_SECRET={token}\n")
    (toy.paths.root / ".env.local").write_text(f"HF_TOKEN={token}\n")
    monkeypatch.delenv("HF_TOKEN")
    adopt_hub_variables(toy.paths.root)
    hosted(toy, lambda _brief: task("HF_TOKEN", "variable"))
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert answers(toy) == [hashlib.sha256(token.encode()).hexdigest()]
    assert "OWN_SECRET" not in os.environ
    kept = [path for path in toy.paths.root.rglob("*") if path.is_file()]
    told = [path for path in kept if token.encode() in path.read_bytes()]
    assert {path.name for path in told} == {".env", ".env.local"}
    assert token not in caplog.text


async def test_a_step_whose_host_dies_is_made_again(toy: Toy, tmp_path: Path) -> None:
    mark = tmp_path / "died"
    hosted(toy, lambda _brief: task(str(mark), "die"))
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert (toy.job().state, answers(toy)) == ("done", ["alive"])
    assert toy.steps()[0].attempts == 2


async def test_a_defect_of_a_model_is_a_bug_with_its_traceback_in_the_store(toy: Toy) -> None:
    hosted(toy, lambda _brief: task("bug", "fail"))
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "failed"
    error = toy.read(lambda c: jobs.errors(c, 1))[0]
    assert error.kind == "bug"
    assert error.message == ("ModelBug: toy: fail: ZeroDivisionError: a secret place in the code")
    assert "toy_models.py" in error.traceback


async def test_weights_that_are_not_here_park_the_jobs(toy: Toy) -> None:
    hosted(toy, lambda _brief: task("x", model=key(load="blocked")))
    toy.queue(2, overrides={"steps": 1})
    await toy.run()
    assert [(job.state, job.reason) for job in toy.jobs()] == [("parked", "weights")] * 2


async def test_a_hung_step_is_given_up_at_its_deadline(toy: Toy, tmp_path: Path) -> None:
    told, pids = tmp_path / "told", set[str]()
    toy.settings.engine.deadline_seconds = 0.05

    async def infer(_request: RefineRequest, context: CallContext) -> Refinement:
        hung = not told.exists()
        answer = await context.infer(task(str(told), "hang" if hung else "say"))
        pids.update(told.read_text().split())
        return Refinement(prompt=str(answer["pid"]), reason="", author="host")

    toy.backend.reply = infer
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert pids and answers(toy)[0] not in pids


async def test_stopping_a_job_gives_its_task_up(toy: Toy, tmp_path: Path) -> None:
    log = tmp_path / "log"
    model = key(log=str(log))
    hosted(toy, lambda _brief: task(str(tmp_path / "gate"), "wait_for", model))
    toy.queue(1, overrides={"steps": 1})
    async with toy.running():
        await eventually((tmp_path / "gate.begun").exists)
        await toy.obeyed("cancel", batch=1)
        await eventually(lambda: "given up" in log.read_text())
        host = await eventually(lambda: next((h for h in shown(toy) if h.state == "idle"), None))
        assert host.restarts == 0


async def test_progress_and_previews_are_in_the_store(toy: Toy, tmp_path: Path) -> None:
    hosted(toy, lambda _brief: task(str(tmp_path / "gate"), "paint"))
    toy.queue(1, overrides={"steps": 1})
    async with toy.running():
        sql = "SELECT fraction, message, preview FROM progress WHERE preview IS NOT NULL"
        found = await eventually(lambda: toy.read(lambda c: c.execute(sql).fetchone()))
        assert tuple(found) == (0.25, "a quarter", b"an image")
        (tmp_path / "gate").touch()
        await eventually(lambda: toy.batch().state == "done")
