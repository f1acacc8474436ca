"""Model hosts beside bare loops over the same models.

A model takes a fixed time a batch, as an accelerator does. *Batches*: 64 jobs of one step, eight at
once, through the engine and a host, and in a loop that calls the model with eight at a time.
*Pipeline*: jobs that generate (device), score (device) and have that criticised (network, one
second), through the engine, and one step after the other. Loading and starting are not measured.

Usage: python -m bench.cases.hosts batches|loop|pipeline|sequence JOBS
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from bench.machine import emit
from bench.models import FixedModel, task
from bench.toys import BenchBackend, BenchRequest, BenchResult, BenchWorkspace
from engine.contract import Backend, CallContext
from engine.contract.host_settings import HostSettings
from engine.runtime.engine import Engine

MOST, BATCH_SECONDS = 8, 1.0
GENERATE, SCORE, CRITIQUE = 0.4, 0.1, 1.0
IMAGE = 1 << 20
"""Bytes of an image: what is generated, and what a scorer is given."""


class HostedBackend(BenchBackend):
    """Asks a host; `steps` says what each step of a job does."""

    def __init__(self, steps: tuple[Callable[[CallContext], Any], ...]) -> None:
        super().__init__(concurrency=64)
        self.steps = steps

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """Does the step."""
        self.calls += 1
        await self.steps[request.step](context)
        return BenchResult(i=request.prompt, k=request.step)


async def _batch(context: CallContext) -> None:
    await context.infer(task("generator", BATCH_SECONDS, MOST, b"prompt", IMAGE))


async def _generate(context: CallContext) -> None:
    await context.infer(task("generator", GENERATE, 1, b"prompt", IMAGE))


async def _score(context: CallContext) -> None:
    await context.infer(task("scorer", SCORE, 1, bytes(IMAGE), 8))


async def _criticise(_context: CallContext) -> None:
    await asyncio.sleep(CRITIQUE)


BATCHES = (_batch,)
PIPELINE = (_generate, _score, _criticise)


def through_the_engine(
    folder: Path, jobs: int, in_flight: int, steps: tuple[Callable[[CallContext], Any], ...]
) -> float:
    """Seconds from jobs that are queued to their batch's end; models are loaded before."""
    workspace = BenchWorkspace(folder, in_flight=64, jobs=in_flight)
    workspace.catalog.add(cast("Backend", HostedBackend(steps)))
    workspace.settings.hosts = HostSettings(devices=["cpu"])
    workspace.queue(1, name="warm-up", steps=len(steps))
    moments: list[float] = []

    def over(running: Engine) -> bool:
        if not running.is_idle:
            return False
        moments.append(time.perf_counter())
        if len(moments) == 1:
            workspace.queue(jobs, steps=len(steps))
            moments[0] = time.perf_counter()
            return False
        return True

    asyncio.run(workspace.engine().run(over))
    workspace.refuse_unfinished()
    return moments[1] - moments[0]


def bare_loop(jobs: int) -> float:
    """Seconds of a loop that calls the model with a full batch at a time."""
    model, started = FixedModel(BATCH_SECONDS, MOST, IMAGE), time.perf_counter()
    for first in range(0, jobs, MOST):
        model.run("work", [b"prompt"] * min(MOST, jobs - first), None)
    return time.perf_counter() - started


def one_after_the_other(jobs: int) -> float:
    """Seconds of a loop that makes the steps of one job after the other."""
    generator, scorer = FixedModel(GENERATE, 1, IMAGE), FixedModel(SCORE, 1, 8)
    started = time.perf_counter()
    for _ in range(jobs):
        generator.run("work", [b"prompt"], None)
        scorer.run("work", [bytes(IMAGE)], None)
        time.sleep(CRITIQUE)
    return time.perf_counter() - started


def main() -> None:
    what, jobs = sys.argv[1], int(sys.argv[2])
    if what == "loop":
        emit(seconds=bare_loop(jobs))
    elif what == "sequence":
        emit(seconds=one_after_the_other(jobs))
    else:
        steps, in_flight = (BATCHES, 3 * MOST) if what == "batches" else (PIPELINE, 12)
        with tempfile.TemporaryDirectory(prefix="hosts-") as folder:
            seconds = through_the_engine(Path(folder), jobs, in_flight, steps)
        emit(seconds=seconds, bound=jobs * (GENERATE + SCORE))


if __name__ == "__main__":
    main()
