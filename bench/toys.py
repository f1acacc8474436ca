"""Test load for the engine: a recipe of trivial steps, and a backend in this process.

Nothing here is a way around anything: jobs are queued from a file, claimed, run, and written down
by the product's own code. What a step leaves behind is what its backend returns.
"""

import asyncio
import time
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from db.store import Store
from engine.client.memory_catalog import MemoryCatalog
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings
from engine.contract import (
    AnyAgent,
    Artifact,
    Backend,
    BackendInfo,
    BaseBackend,
    Call,
    CallContext,
    Critique,
    Limits,
    Request,
    Result,
    Score,
)
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.queueing.queue import Queue, QueueOptions
from engine.runtime.engine import Engine
from engine.runtime.signing import unsigned

IMAGE = b"the same bytes in every step, so that their file is written once"


class BenchInput(RecipeInput):
    """One entry."""

    prompt: str


class BenchSettings(RecipeSettings):
    """Number of steps of a job, and their outputs."""

    vision: str = "bench"
    steps: int = 3
    together: bool = False
    leaves: tuple[str, ...] = ("artifact", "score")


class BenchRequest(Request):
    """Request of a step: its number, and the outputs to return."""

    prompt: str
    step: int
    leaves: tuple[str, ...] = ()


class BenchResult(Result):
    """Result of a step, as large as those of the peers."""

    i: str
    k: int
    ok: bool = True
    value: float = 0.5
    left: tuple[str, ...] = ()
    artifact: Artifact | None = None

    def scores(self) -> list[Score]:
        """One, where one is wanted."""
        return [Score(metric="score", value=50.0, scorer="bench")] if "score" in self.left else []

    def critiques(self) -> list[Critique]:
        """One, where one is wanted."""
        return [Critique(text="Fine.")] if "critique" in self.left else []


class BenchJobResult(BaseModel):
    """Number of steps."""

    steps: int


class BenchBackend(BaseBackend):
    """Answers after `latency` seconds."""

    def __init__(self, latency: float = 0.0, concurrency: int = 50, *, paid: bool = False) -> None:
        self.info = BackendInfo(
            name="bench",
            capability="vision",
            model="bench-1",
            version="1",
            lane="bench",
            paid=paid,
            limits=Limits(concurrency),
        )
        self.latency, self.calls, self.first_call = latency, 0, 0.0

    async def structured(self, agent: AnyAgent, request: Any, context: CallContext) -> Any:
        """Nothing asks for it, but every vision backend runs agents."""
        raise NotImplementedError

    def version_of(self, agent: AnyAgent) -> str:
        """The same for all."""
        return "1"

    def refusal_of(self, agent: AnyAgent) -> str:
        """None."""
        return ""

    async def answer(self, request: BenchRequest, context: CallContext) -> BenchResult:
        """The least that a step can do, with what it is to leave behind."""
        self.calls += 1
        self.first_call = self.first_call or time.perf_counter()
        if self.latency:
            await asyncio.sleep(self.latency)
        artifact = None
        if "file" in request.leaves:
            artifact = await context.keep(f"{request.prompt}/{request.step}".encode())
        elif "artifact" in request.leaves:
            artifact = await context.keep(IMAGE)
        return BenchResult(i=request.prompt, k=request.step, left=request.leaves, artifact=artifact)


async def _run(job: Any) -> BenchJobResult:
    backend, leaves = job.vision.backend, job.settings.leaves

    def ask(step: int) -> Call[BenchResult]:
        request = BenchRequest(prompt=job.input.prompt, step=step, leaves=leaves)
        return Call(backend, "answer", request, BenchResult, type(backend).answer)

    if job.settings.together:
        async with asyncio.TaskGroup() as group:
            for step in range(job.settings.steps):
                group.create_task(job.step(f"step-{step}", ask, step))
    else:
        for step in range(job.settings.steps):
            await job.step(f"step-{step}", ask, step)
    return BenchJobResult(steps=job.settings.steps)


RECIPE: AnyRecipe = Recipe(
    name="bench",
    version="1",
    summary="Trivial steps.",
    input=BenchInput,
    settings=BenchSettings,
    uses={"vision": Backend},
    headline=Headline("score", 0, 100),
    run=_run,
)


class BenchWorkspace:
    """A workspace in a folder, with jobs in it and an engine for it.

    Args:
        root: The folder.
        in_flight: Calls in flight.
        latency: Seconds that a call takes.
        jobs: Jobs in flight; by default as many as calls.
        paid: Whether a call costs money, so that its intent is committed before it.
    """

    def __init__(
        self,
        root: Path,
        *,
        in_flight: int = 50,
        latency: float = 0.0,
        jobs: int = 0,
        paid: bool = False,
    ) -> None:
        self.paths = WorkspacePaths(root)
        self.store = Store.create(self.paths.store, created_by="bench")
        self.backend = BenchBackend(latency=latency, concurrency=in_flight, paid=paid)
        self.catalog = MemoryCatalog([RECIPE], [cast("Backend", self.backend)])
        self.settings = Settings(engine={"jobs_in_flight": jobs or in_flight, "cpu_workers": 1})

    def queue(self, jobs: int, *, name: str = "bench", **settings: Any) -> int:
        """Queues a batch from a file of that many lines; returns its number."""
        source = self.paths.root / f"{name}.txt"
        with source.open("w") as file:
            file.writelines(f"prompt {number}\n" for number in range(jobs))
        queue = Queue(self.paths, self.store, self.settings, self.catalog)
        return queue.queue(RECIPE, source, QueueOptions(overrides={"seed": 1, **settings}))

    def engine(self) -> Engine:
        """An engine that has not been started."""
        return Engine(
            self.paths, self.settings, self.catalog, version="0", run_id="bench", signer=unsigned
        )

    def refuse_unfinished(self) -> None:
        """Raise RuntimeError if a job is not done: its time would be meaningless."""
        reader = self.store.reader()
        try:
            sql = "SELECT state, count(*) FROM jobs WHERE state <> 'done' GROUP BY state"
            unfinished = dict(reader.execute(sql).fetchall())
        finally:
            reader.close()
        if unfinished:
            raise RuntimeError(f"jobs that are not done: {unfinished}")
