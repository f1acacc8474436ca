"""A toy recipe and toy backends: small enough to reason about, real enough to run durably."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from engine.client.memory_catalog import MemoryCatalog
from engine.contract import (
    AnyAgent,
    BaseChatBackend,
    Call,
    CallContext,
    ChatBackend,
    MissingRequirement,
)
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.refine.agents.refiner import REFINER, Refinement, RefineRequest
from tests.support.backends import InfoBackend, changed, toy_info

Reply = Callable[[RefineRequest, CallContext], Any]


class ToyInput(RecipeInput):
    """One entry: any text."""

    id: str | None = None
    prompt: str


class ToySettings(RecipeSettings):
    """Number of steps of a job, and whether they run side by side."""

    text: str = "toy"
    steps: int = 3
    together: bool = False


class ToyResult(BaseModel):
    """Result of each step."""

    answers: list[str]


class ToyBackend(BaseChatBackend, InfoBackend):
    """Answers with the brief in upper case; counts what it was asked.

    Args:
        reply: Gives the answer instead, None for the usual one.
        lacks: What it says that it lacks.
        facts: What its info says otherwise.
    """

    def __init__(
        self, *, reply: Reply | None = None, lacks: Sequence[MissingRequirement] = (), **facts: Any
    ) -> None:
        super().__init__(changed(toy_info("toy", "text", concurrency=8), **facts))
        self.reply = reply
        self.asked: list[str] = []
        self.lacks = list(lacks)

    def missing(self) -> list[MissingRequirement]:
        return self.lacks

    def version_of(self, agent: AnyAgent) -> str:
        return self.info.version

    async def structured(
        self, agent: AnyAgent, request: RefineRequest, context: CallContext
    ) -> Refinement:
        self.asked.append(request.brief)
        if self.reply is not None:
            found = self.reply(request, context)
            if asyncio.iscoroutine(found):
                found = await found
            if found is not None:
                return cast("Refinement", found)
        return Refinement(prompt=request.brief.upper(), reason="louder", author="toy")


async def run_toy(job: Any) -> ToyResult:
    def describe(brief: str) -> Call[Refinement]:
        request = RefineRequest(brief=brief, attempts=())
        return cast("Call[Refinement]", job.text.structured(REFINER, request))

    names = [f"say-{number}" for number in range(job.settings.steps)]
    if job.settings.together:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(job.step(name, describe, f"{job.input.prompt}/{name}"))
                for name in names
            ]
        return ToyResult(answers=[task.result().prompt for task in tasks])
    answers = []
    for name in names:
        said = await job.step(name, describe, f"{job.input.prompt}/{name}")
        answers.append(await job.decide(name, default=said.prompt))
    return ToyResult(answers=answers)


TOY: AnyRecipe = Recipe(
    name="toy",
    version="1",
    summary="Says what it is given, louder.",
    input=ToyInput,
    settings=ToySettings,
    uses={"text": ChatBackend},
    headline=Headline("score", 0, 100),
    run=run_toy,
)


class ToyCatalog(MemoryCatalog):
    """The toy recipe and its backend, which is shared with the test."""

    def __init__(self, toy: ToyBackend | None = None) -> None:
        self.toy = toy or ToyBackend()
        super().__init__([TOY], [self.toy])


def write_lines(folder: Path, count: int) -> Path:
    """An input file of plain lines."""
    path = folder / "lines.txt"
    path.write_text("".join(f"prompt {number}\n" for number in range(count)))
    return path
