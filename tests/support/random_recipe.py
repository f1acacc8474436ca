"""A recipe that runs a program: steps in turn or side by side, some of which fail.

A program is a list: `["step", name, behaviour]`, `["then", programs]` or `["together", programs]`.
Behaviours: `ok`; `busy` (works at the second try); `refused` (a permanent failure that the recipe
catches); `defect` (one that is a bug, and caught as well); `fatal` (one that nobody catches).
Every answer holds its step's brief, which no other step has, and a number that no other answer
has, so that nothing can be swapped or repeated unseen.
"""

import asyncio
import os
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.contract import (
    CallContext,
    ChatBackend,
    Permanent,
    Retryable,
)
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support.agents import ByOperation, refining
from tests.support.backends import InfoBackend, toy_info


class RandomInput(RecipeInput):
    """One entry."""

    id: str | None = None
    prompt: str


class RandomSettings(RecipeSettings):
    """Program of a job."""

    text: str = "random"
    program: list[Any]


class RandomResult(BaseModel):
    """Result of each step, by its key."""

    answers: dict[str, str]


class RandomWriter(ByOperation, InfoBackend):
    """Does as the brief says; writes down each answer that it gives."""

    def __init__(self, calls: Path) -> None:
        super().__init__(toy_info("random", "text", concurrency=3))
        self.calls = calls
        self.busy: Counter[str] = Counter()

    async def refine(self, request: RefineRequest, context: CallContext) -> Refinement:
        behaviour = request.brief.partition("|")[0]
        await asyncio.sleep(0.001 * (len(request.brief) % 3))
        if behaviour == "busy":
            self.busy[request.brief] += 1
            if self.busy[request.brief] % 2:
                raise Retryable("Busy.")
        if behaviour in {"refused", "fatal"}:
            raise Permanent(f"No {behaviour}.")
        if behaviour == "defect":
            raise ZeroDivisionError("A defect.")
        answer = f"{request.brief}|{uuid.uuid4()}"
        handle = os.open(self.calls, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{answer}\n".encode())
        os.close(handle)
        return Refinement(prompt=answer, reason="", author="random")


async def run_random(job: Any) -> RandomResult:
    answers: dict[str, str] = {}
    await _do(job, job, ["then", job.settings.program], answers)
    return RandomResult(answers=answers)


async def _do(job: Any, scope: Any, program: list[Any], answers: dict[str, str]) -> None:
    kind, what = program[0], program[1]
    if kind == "step":
        await _ask(job, scope, what, program[2], answers)
    elif kind == "then":
        for number, part in enumerate(what):
            await _do(job, scope.scope(str(number)), part, answers)
    else:
        async with asyncio.TaskGroup() as group:
            for number, part in enumerate(what):
                group.create_task(_do(job, scope.scope(str(number)), part, answers))


async def _ask(job: Any, scope: Any, name: str, behaviour: str, answers: dict[str, str]) -> None:
    brief = f"{behaviour}|{job.input.prompt}/{scope.key(name)}"
    try:
        said = await scope.step(name, refining(job), brief, [])
    except Permanent as error:
        if behaviour == "fatal":
            raise
        answers[scope.key(name)] = f"{behaviour}|{error.message}"
        said = await scope.step(f"{name}-instead", refining(job), f"ok|instead of {brief}", [])
        name, brief = f"{name}-instead", f"ok|instead of {brief}"
    if not said.prompt.startswith(f"{brief}|"):
        raise AssertionError(f"{scope.key(name)} was answered {said.prompt}")
    answers[scope.key(name)] = said.prompt


RANDOM: AnyRecipe = Recipe(
    name="random",
    version="1",
    summary="Does what it is told.",
    input=RandomInput,
    settings=RandomSettings,
    uses={"text": ChatBackend},
    headline=Headline("score", 0, 100),
    run=run_random,
)
