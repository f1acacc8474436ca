"""Workers that are killed for memory, and workers that hang: a step pays for it, nobody else."""

import asyncio
from pathlib import Path

import psutil
import pytest

from engine.contract import CallContext
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.process_pool import ComputePool
from tests.faults.conftest import Diagnose
from tests.support import work
from tests.support.engines import Toy, eventually


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_worker_that_is_killed_costs_its_own_step_alone(tmp_path: Path) -> None:
    pool, told = ComputePool(2), tmp_path / "pid"
    neighbour = asyncio.create_task(pool.run(work.wait_and_tell, str(told)))
    await eventually(told.exists)
    with pytest.raises(Exception, match="worker process died"):
        await pool.run(work.die)
    assert await pool.run(work.pid) > 0
    assert not neighbour.done()
    assert not has_ended(int(told.read_text()))
    neighbour.cancel()
    await eventually(lambda: has_ended(int(told.read_text())))
    pool.close()


async def test_a_step_whose_worker_is_killed_is_made_again_and_told(
    toy: Toy, diagnose: Diagnose
) -> None:
    died = False

    async def compute(_request: RefineRequest, context: CallContext) -> None:
        nonlocal died
        died, was = True, died
        await context.compute(work.pid if was else work.die)

    toy.backend.reply = compute
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert toy.steps()[0].attempts == 2
    assert "A worker process died" in diagnose(toy.root)["lately"].found


async def test_a_worker_that_hangs_is_ended_at_the_deadline_and_its_step_made_again(
    toy: Toy, tmp_path: Path, diagnose: Diagnose
) -> None:
    told = tmp_path / "pid"

    async def compute(_request: RefineRequest, context: CallContext) -> None:
        is_first = len(toy.backend.asked) == 1
        toy.settings.engine.deadline_seconds = 1.5 if is_first else 900
        if told.exists() or is_first:
            await context.compute(work.pid)  # the worker starts in the time of the first step
        else:
            await context.compute(work.wait_and_tell, str(told))

    toy.backend.reply = compute
    toy.queue(1, overrides={"steps": 2})
    await toy.run()
    assert toy.job().state == "done"
    assert [step.attempts for step in toy.steps()] == [1, 2]
    await eventually(lambda: has_ended(int(told.read_text())))
    assert "gave no answer within 1.5 seconds" in diagnose(toy.root)["lately"].found


async def test_a_job_that_is_cancelled_ends_the_worker_that_it_keeps_busy(
    toy: Toy, tmp_path: Path
) -> None:
    told = tmp_path / "pid"

    async def compute(_request: RefineRequest, context: CallContext) -> None:
        await context.compute(work.wait_and_tell, str(told))

    toy.backend.reply = compute
    toy.queue(1, overrides={"steps": 1})
    async with toy.running():
        await eventually(told.exists)
        await toy.obeyed("cancel", job=1)
        await eventually(lambda: has_ended(int(told.read_text())))
    assert toy.job().state == "cancelled"
