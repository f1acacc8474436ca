"""A recipe that only makes images, and engines for it that die at a given await."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import db.connect
from db.queries import jobs
from db.rows import ApiCallRow, ErrorRow, JobRow, StepRow
from engine.client.workspace import Workspace
from engine.contract import ImageBackend
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.contract.video import VIDEO, VideoBackend, VideoRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.runtime.engine import Engine
from tests.support.engines import PATIENCE, eventually


class DrawInput(RecipeInput):
    """One image to make."""

    id: str | None = None
    prompt: str


class DrawSettings(RecipeSettings):
    """Backend of the image."""

    image: str = "fal"


class Drawn(BaseModel):
    """Hash of the generated image."""

    hash: str


async def draw(job: Any) -> Drawn:
    image = await job.step(
        "draw", job.image.generate, job.input.prompt, seed=job.seed, width=64, height=64
    )
    return Drawn(hash=image.image.hash)


DRAW: AnyRecipe = Recipe(
    name="draw",
    version="1",
    summary="Makes one image.",
    input=DrawInput,
    settings=DrawSettings,
    uses={"image": ImageBackend},
    headline=Headline("score", 0, 1),
    run=draw,
)


class ShootSettings(RecipeSettings):
    """Backend of the clip."""

    video: str = "fal"


async def shoot(job: Any) -> Drawn:
    request = VideoRequest(prompt=job.input.prompt, seed=1, width=128, height=72, seconds=5)
    clip = await job.step("shoot", job.use(VIDEO).generate, request)
    return Drawn(hash=clip.video.hash)


SHOOT: AnyRecipe = Recipe(
    name="shoot",
    version="1",
    summary="Makes one clip.",
    input=DrawInput,
    settings=ShootSettings,
    uses={"video": VideoBackend},
    headline=Headline("score", 0, 1),
    run=shoot,
)

QUICK: dict[str, dict[str, Any]] = {
    "engine": {"cpu_workers": 1, "grace_seconds": 10, "jobs_in_flight": 4},
    "retry": {"wait_initial": 0.0, "wait_max": 0.0, "wait_jitter": 0.0, "tries": 3},
}


@dataclass
class Studio:
    """A workspace whose batches make images, or what another recipe makes.

    Args:
        root: The workspace.
        environment: Keys, as `.env` holds them.
        overrides: Settings of the engine.
    """

    root: Path
    environment: Mapping[str, str]
    overrides: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        lines = [f"{name}={value}\n" for name, value in self.environment.items()]
        self.root.mkdir(exist_ok=True)
        (self.root / ".env").write_text("".join(lines))
        self.workspace = open_studio(self.root, self.overrides)

    def queue(self, count: int, settings: Mapping[str, Any], recipe: str = "draw") -> str:
        """Queues so many images, each with a prompt of its own."""
        file = self.root / "prompts.txt"
        file.write_text("".join(f"image {number}\n" for number in range(count)))
        return self.workspace.queue(recipe, file, settings={"seed": 1, **settings})

    async def run(self) -> None:
        """Runs an engine until nothing is left that can be done."""
        engine = self.workspace.engine()
        await asyncio.wait_for(engine.run(lambda e: e.is_idle), PATIENCE)

    async def start(self) -> tuple[Engine, "asyncio.Task[None]"]:
        """An engine that runs beside the test."""
        engine = self.workspace.engine()
        return engine, asyncio.create_task(engine.run())

    def jobs(self) -> list[JobRow]:
        with self.workspace.reading() as connection:
            return list(jobs.all_jobs(connection, 1))

    def steps(self) -> list[StepRow]:
        with self.workspace.reading() as connection:
            return [step for job in self.jobs() for step in jobs.steps(connection, job.id)]

    def calls(self) -> list[ApiCallRow]:
        with self.workspace.reading() as connection:
            return [call for job in self.jobs() for call in jobs.api_calls(connection, job.id)]

    def errors(self) -> list[ErrorRow]:
        with self.workspace.reading() as connection:
            return [error for job in self.jobs() for error in jobs.errors(connection, job.id)]

    async def becomes(self, state: str) -> None:
        """Waits until every job is in a state."""
        await eventually(lambda: {job.state for job in self.jobs()} == {state})


def open_studio(root: Path, overrides: Mapping[str, Any] | None = None) -> Workspace:
    catalog = EntryPointCatalog()
    catalog.recipes["draw"] = "tests.support.providers.draw:DRAW"
    catalog.recipes["shoot"] = "tests.support.providers.draw:SHOOT"
    return Workspace(root, create=True, catalog=catalog, overrides={**QUICK, **(overrides or {})})


# -- engines that die --------------------------------------------------------------------------


class Counted:
    """A coroutine whose suspensions are counted.

    Args:
        coroutine: What is awaited.
        passed: Called at each suspension, before what was waited for is known.
    """

    def __init__(self, coroutine: Awaitable[Any], passed: Callable[[], None]) -> None:
        self._coroutine = coroutine
        self._passed = passed

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._coroutine.__await__()
        send: Callable[[], Any] = lambda: next(inner)  # noqa: E731
        while True:
            try:
                waited_for = send()
            except StopIteration as end:
                return end.value
            self._passed()
            try:
                value = yield waited_for
            except BaseException as error:
                send = _throwing(inner, error)
            else:
                send = _sending(inner, value)
            self._passed()


def _sending(inner: Generator[Any, Any, Any], value: Any) -> Callable[[], Any]:
    return lambda: inner.send(value)


def _throwing(inner: Generator[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: inner.throw(error)


def count_awaits(backend: type[Any], passed: Callable[[], None], method: str = "generate") -> None:
    """Has every moment at which a backend's call could be cut counted, from now on."""
    generate = getattr(backend, method)

    async def counted(self: Any, request: Any, context: Any) -> Any:
        return await Counted(generate(self, request, context), passed)

    setattr(backend, method, counted)


def call_then(backend: type[Any], method: str, passed: Callable[[], None]) -> None:
    """Has every answer of a provider counted, before anybody has read it."""
    ask = getattr(backend, method)

    async def counted(*args: Any, **more: Any) -> Any:
        answer = await ask(*args, **more)
        passed()
        return answer

    setattr(backend, method, counted)


def _run_and_die(root: str, name: str, moment: int) -> None:
    """Runs an engine in a process of its own, which kills itself at the so many-th moment."""
    from engine.backends.comfyui import image as comfyui
    from engine.backends.comfyui import running
    from engine.backends.fal import image as fal
    from engine.backends.fal.audio import FalSounds
    from engine.backends.fal.video import FalClips
    from engine.backends.openai import images as openai
    from engine.backends.runway.video import RunwayClips
    from engine.runtime.step.call_context import StepCallContext

    running.SETTLE_SECONDS = 0.05
    db.connect.DURABILITY = "OFF"  # what the system was given outlives a process that is killed
    left = moment

    def passed() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if name == "sounds":
        count_awaits(FalSounds, passed, "generate_audio")
        call_then(StepCallContext, "keep", passed)
    elif name in {"clips", "runway"}:
        count_awaits(FalClips if name == "clips" else RunwayClips, passed, "generate_video")
        call_then(StepCallContext, "keep", passed)
    elif name == "openai":
        call_then(openai.OpenAIImages, "_ask", passed)
    else:
        count_awaits({"fal": fal.FalImages, "comfyui": comfyui.ComfyImages}[name], passed)
    engine = open_studio(Path(root)).engine()
    asyncio.run(engine.run(lambda e: e.is_idle))


_PRELOADED = [
    "engine.backends.comfyui.image",
    "engine.backends.fal.image",
    "fal_client",
    "tests.support.providers.draw",
]


async def die(root: Path, name: str, moment: int) -> bool:
    """Runs an engine that is killed at a moment of its calls.

    Returns:
        Whether it was; an engine that has less to do ends by itself.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    process = context.Process(target=_run_and_die, args=(str(root), name, moment))
    process.start()
    await asyncio.to_thread(process.join, PATIENCE)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0
