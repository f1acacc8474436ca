"""A clock that jumps: nothing waits for it, and no duration is negative."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

import db.clock
from db.clock import seconds_between
from engine.contract import CallContext, Retryable
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.faults.conftest import Diagnose
from tests.support.engines import Toy

DAY = timedelta(days=1)


class Clock:
    """The time of day, some way off."""

    off = timedelta()

    @classmethod
    def time_ns(cls) -> int:
        return time.time_ns() + int(cls.off.total_seconds()) * 1_000_000_000


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(db.clock, "time", Clock)
    monkeypatch.setattr(Clock, "off", timedelta())
    return Clock


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_work_goes_on_through_a_jump_and_no_duration_is_negative(
    toy: Toy, clock: type[Clock], jump: timedelta
) -> None:
    def jumping(request: RefineRequest, _context: CallContext) -> Refinement | None:
        if request.brief == "prompt 0/say-1":
            clock.off = jump
        if toy.backend.asked.count(request.brief) == 1:
            raise Retryable("Not yet.", retry_after=0.0)
        return None

    toy.backend.reply = jumping
    toy.queue(3)
    await toy.run()
    jobs = toy.jobs()
    assert {job.state for job in jobs} == {"done"}
    rows: list[Any] = [toy.batch(), *jobs]
    spans = [(row.started_at, row.finished_at) for row in rows]
    spans += [(step.started_at, step.finished_at) for job in jobs for step in toy.steps(job.id)]
    assert all(start and end and end >= start for start, end in spans)
    assert all((seconds_between(start, end) or 0) >= 0 for start, end in spans)


async def test_a_deadline_and_a_lane_do_not_look_at_the_clock(toy: Toy, clock: type[Clock]) -> None:
    """A day back in the middle of a wait does not make the wait a day long."""

    async def slow(_request: RefineRequest, _context: CallContext) -> None:
        clock.off = -DAY
        await asyncio.sleep(3600)

    toy.settings.engine.deadline_seconds = 0.02
    toy.backend.reply = slow
    toy.backend.change(requests_per_minute=100_000.0)
    toy.queue(1, overrides={"steps": 1})
    await toy.run()
    assert "gave no answer" in (toy.job().message or "")


async def test_the_doctor_sees_that_the_clock_was_set_back(
    toy: Toy, clock: type[Clock], diagnose: Diagnose
) -> None:
    clock.off = DAY
    toy.queue(1)
    await toy.run()
    clock.off = timedelta()
    assert "in the future" in diagnose(toy.root)["clock"].found
