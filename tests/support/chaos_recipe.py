"""A recipe with everything that a crash can come between.

Each iteration generates two images side by side (one way of paying each), judges them with a
free step, and refines the prompt with a paid one; the best image is the result.
"""

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.contract import (
    Artifact,
    Backend,
    BackendInfo,
    CallContext,
    ChatBackend,
    GeneratedImage,
    ImageBackend,
    ImageInfo,
    ImageRequest,
    OutcomeUnknown,
    Retryable,
    ScoreInfo,
)
from engine.contract.branching import BranchPoint
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.contract.video import VideoInfo
from engine.recipes.refine.agents.evaluator import EvaluateRequest, Evaluation
from engine.recipes.refine.agents.refiner import Attempt, Refinement, RefineRequest
from tests.support.agents import ByOperation, evaluating, refining
from tests.support.backends import InfoBackend, toy_info
from tests.support.ledger import ask
from tests.support.random_recipe import RANDOM, RandomWriter

PRICE = 1000
"""Cost of each charge of the provider, in micro-dollars."""


class ChaosInput(RecipeInput):
    """One entry."""

    id: str | None = None
    prompt: str

    def starting_prompt(self) -> tuple[str, str]:
        return self.prompt, ""


class ChaosSettings(RecipeSettings):
    """Number of turns of the loop, and the backends that it calls."""

    image: str = "chaos"
    vision: str = "chaos"
    text: str = "chaos"
    iterations: int = 2


class ChaosResult(BaseModel):
    """The best image and what was said on the way."""

    best: Artifact
    score: float
    prompts: list[str]


class ChaosBackendSettings(BaseModel):
    """Address of the provider."""

    port: int


def bytes_of(prompt: str, answer: str) -> bytes:
    """A few kilobytes that depend on the prompt and the provider's answer alone."""
    return random.Random(f"{prompt}/{answer}").randbytes(3000)


class Base(InfoBackend):
    """Common part of the backends."""

    def __init__(self, port: int, told: Path, capability: str, **facts: Any) -> None:
        kinds = {"image": ImageInfo, "score": ScoreInfo, "video": VideoInfo}
        kind = kinds.get(capability, BackendInfo)
        usual = {"model": "chaos-1", "lane": "chaos", "paid": True}
        name = facts.pop("name", "chaos")
        super().__init__(toy_info(name, capability, kind, **usual | facts))
        self.port, self.told = port, told

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """One request; the provider carries it out before it answers."""
        try:
            return await ask(self.port, method, path, body)
        except ConnectionRefusedError as error:
            raise Retryable("The provider is away.") from error
        except OSError as error:
            raise OutcomeUnknown("The line dropped.") from error


class Painter(Base):
    """Submits and polls."""

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        prompt = f"{request.prompt}/{request.seed}"
        answer = await self.bought(prompt, context)
        image = await context.keep(self.draw(prompt, answer), role="image")
        return GeneratedImage(image=image, seed=request.seed)

    async def bought(self, prompt: str, context: CallContext) -> str:
        """Answer of the provider to a prompt, submitted once and polled for."""
        if context.request_id is None:
            submitted = await self.ask("POST", "/submit", prompt=prompt)
            await context.submitted(submitted["id"])
            with self.told.open("a") as file:  # outlives a kill: it is the kernel's by now
                file.write(f"{submitted['id']}\n")
        while True:
            found = await self.ask("GET", f"/poll/{context.request_id}")
            if found["answer"] is not None:
                break
            context.progress(0.5, "waiting")
            await asyncio.sleep(0.003)
        context.cost(PRICE)
        return str(found["answer"])

    def draw(self, prompt: str, answer: str) -> bytes:
        """The image of a prompt."""
        return bytes_of(prompt, answer)


class Writer(ByOperation, Base):
    """Pays in a single call."""

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        last = request.attempts[-1].prompt
        found = await self.ask("POST", "/call", prompt=f"{request.brief}/{last}")
        context.cost(PRICE)
        return Refinement(prompt=f"{last} {found['answer'][:4]}", reason="more", author="chaos")


class Judge(ByOperation, Base):
    """Costs nothing."""

    async def evaluate(self, request: EvaluateRequest, context: CallContext) -> Evaluation:
        data = await context.read(request.image)
        return Evaluation(score=sum(data) % 101, description=request.brief, scorer="chaos")


async def run_chaos(job: Any) -> ChaosResult:
    prompt, attempts, images = job.input.prompt, [], []
    for turn in job.iterations(job.settings.iterations):
        async with asyncio.TaskGroup() as group:
            branches = [
                group.create_task(
                    _variation(job, turn.scope(f"variation-{number}"), prompt, number)
                )
                for number in range(2)
            ]
        found = [branch.result() for branch in branches]
        images += found
        best = max(found, key=lambda pair: pair[1].score)
        attempts.append(Attempt(prompt=prompt, evaluation=best[1]))
        if not turn.is_last:
            refined = await turn.step("refine", refining(job), job.input.prompt, attempts)
            prompt = refined.prompt
    image, evaluation = max(images, key=lambda pair: pair[1].score)
    prompts = [attempt.prompt for attempt in attempts]
    return ChaosResult(best=image.image, score=evaluation.score, prompts=prompts)


async def _variation(
    job: Any, scope: Any, prompt: str, number: int
) -> tuple[GeneratedImage, Evaluation]:
    seed = job.seed_for(number)
    image = await scope.step("generate", job.image.generate, prompt, seed=seed, width=64, height=64)
    return image, await scope.step("evaluate", evaluating(job), image.image, prompt)


CHAOS: AnyRecipe = Recipe(
    name="chaos",
    version="1",
    summary="Everything that a crash can come between.",
    input=ChaosInput,
    settings=ChaosSettings,
    uses={"image": ImageBackend, "vision": ChatBackend, "text": ChatBackend},
    headline=Headline("score", 0, 100),
    run=run_chaos,
    branch=BranchPoint("iteration"),
)


class ChaosCatalog:
    """Both recipes and their backends.

    Args:
        port: Where the provider listens.
        told: File of the request ids that the runtime has said to be durable.
    """

    def __init__(self, port: int, told: Path) -> None:
        self.port = port
        self.told = told

    def recipe(self, name: str) -> AnyRecipe:
        from engine.recipes.storyboard import RECIPE
        from tests.support.chaos_corpus import CORPUS
        from tests.support.chaos_gate import GATED

        known: list[AnyRecipe] = [CHAOS, RANDOM, RECIPE, CORPUS, GATED]
        return {recipe.name: recipe for recipe in known}[name]

    def backend_settings(self, name: str, settings: Mapping[str, Any]) -> ChaosBackendSettings:
        return ChaosBackendSettings(port=self.port)

    def backend(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        """The backend of a capability; the free one has a lane of its own."""
        if name == "random":
            return RandomWriter(self.told)
        if name == "film":
            from tests.support.chaos_films import film_backend

            return film_backend(capability, self.port, self.told)
        if capability == "image":
            return Painter(self.port, self.told, "image", resumable=True)
        if capability == "text":
            return Writer(self.port, self.told, "text", name="chaos-single", lane="single")
        return Judge(self.port, self.told, "vision", paid=False, lane="judge", concurrency=2)
