"""The headline of a job while it runs: the best so far, whoever has found it."""

import asyncio
from dataclasses import replace
from typing import Any

from engine.contract import CallContext, Permanent, Score
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support import toys
from tests.support.agents import refining
from tests.support.engines import Toy, eventually


class Scored(Refinement):
    """A refinement that says a score: the reason is its number."""

    def scores(self) -> list[Score]:
        return [Score(metric="score", value=float(self.reason))] if self.reason else []


async def say(job: Any, name: str) -> None:
    """A step of that name, which asks for that."""
    await job.step(name, lambda: replace(refining(job)(name, []), result_type=Scored))


def answer(name: str, values: dict[str, str]) -> Scored:
    if name == "last":
        raise Permanent("no")
    return Scored(prompt="x", reason=values[name], author="toy")


async def test_the_best_headline_stays_after_a_reused_step_beside_it(toy: Toy) -> None:
    toy.backend.change(reusable=True)
    values = {"poor": "40", "good": "70", "plain": "", "last": ""}
    second = False

    def reply(request: RefineRequest, _c: CallContext) -> Scored:
        return answer(request.brief, values)

    async def run(job: Any) -> Any:
        if not second:
            await say(job, "poor")
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(say(job, "good"))
                group.create_task(say(job, "poor"))
            await say(job, "plain")
            await say(job, "last")
        return toys.ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(toys.TOY, run=run)
    toy.backend.reply = reply
    toy.queue()
    await toy.run()
    second = True
    toy.queue()
    await toy.run()
    assert toy.job(2).score == 70


async def test_a_call_of_an_earlier_run_does_not_keep_the_best_headline_away(toy: Toy) -> None:
    toy.backend.change(paid=True)
    values = {"slow": "40", "fast": "70", "plain": ""}
    go_on, asked, fast = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def reply(request: RefineRequest, _c: CallContext) -> Scored:
        if request.brief == "slow":
            asked.set()
            await go_on.wait()
        if request.brief == "fast":
            await fast.wait()
        return answer(request.brief, values)

    async def run(job: Any) -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(say(job, "slow"))
            if fast.is_set():
                group.create_task(say(job, "fast"))
        await say(job, "plain")
        await say(job, "last")
        return toys.ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(toys.TOY, run=run)
    toy.backend.reply = reply
    toy.queue()
    async with toy.running():
        await asked.wait()
        await toy.obeyed("pause", job=1)
        fast.set()
        await toy.obeyed("resume", job=1)
        await eventually(lambda: toy.job().score == 70)
        go_on.set()
        await toy.becomes("failed")
    assert toy.job().score == 70
