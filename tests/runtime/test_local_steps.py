"""A recipe's own computations: durable steps without a backend, in the process and in the pool."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from engine.contract import Artifact, CallContext, Permanent, Request, Result
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.step.local import LocalExecutor, local_call
from tests.runtime.test_steps import reopen
from tests.support.engines import Toy
from tests.support.toys import TOY, ToyResult

CALLED: list[str] = []


class Numbers(Request):
    """Numbers to add."""

    numbers: tuple[int, ...]


class Total(Result):
    """Their sum, and the process that added them."""

    total: int
    process: int = 0


class Kept(Result):
    """A stored file."""

    file: Artifact


def add(request: Numbers) -> Total:
    CALLED.append("add")
    return Total(total=sum(request.numbers), process=os.getpid())


def refuse(request: Numbers) -> Total:
    CALLED.append("refuse")
    raise Permanent("These cannot be added.", remedy="Give others.")


def divide(request: Numbers) -> Total:
    return Total(total=request.numbers[0] // request.numbers[1])


def untyped(request: Numbers):
    return Total(total=0)


async def keep(request: Numbers, context: CallContext) -> Kept:
    CALLED.append("keep")
    stored = await context.keep(json.dumps(request.numbers).encode())
    assert await context.read(stored) == b"[1, 2]"
    return Kept(file=stored)


@pytest.fixture(autouse=True)
def _called() -> None:
    CALLED.clear()


async def adding(job: Any) -> ToyResult:
    here = await job.local("here", add, Numbers(numbers=(1, 2)))
    there = await job.scope("far").compute("there", add, Numbers(numbers=(here.total, 4)))
    kept = await job.local("kept", keep, Numbers(numbers=(1, 2)), method="files")
    answers = [here.total, here.process == os.getpid(), there.total, there.process != os.getpid()]
    return ToyResult(answers=[*map(str, answers), kept.file.hash])


async def test_own_computations_are_steps_that_are_never_repeated(toy: Toy) -> None:
    toy.catalog.known_recipes["toy"] = replace(TOY, run=adding)
    toy.queue()
    await toy.run()
    answers = json.loads(toy.job().result or "")["answers"]
    assert answers[:4] == ["3", "True", "7", "True"]
    assert ArtifactStore(toy.paths.artifacts).read(answers[4]) == b"[1, 2]"
    steps = {step.key: (step.backend, step.model, step.operation) for step in toy.steps()}
    assert steps == {
        "here": ("toy", "", "add"),
        "far/there": ("toy", "", "add"),
        "kept": ("toy", "files", "keep"),
    }
    assert CALLED == ["add", "keep"]
    reopen(toy)
    await toy.run()
    assert json.loads(toy.job().result or "")["answers"] == answers
    assert CALLED == ["add", "keep"]


async def test_another_version_of_a_computation_is_another_step(toy: Toy) -> None:
    async def first(job: Any) -> ToyResult:
        found = await job.local("sum", add, Numbers(numbers=(1,)))
        return ToyResult(answers=[str(found.total)])

    async def second(job: Any) -> ToyResult:
        found = await job.local("sum", add, Numbers(numbers=(1,)), version="2")
        return ToyResult(answers=[str(found.total)])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=first)
    toy.queue()
    await toy.run()
    toy.catalog.known_recipes["toy"] = replace(TOY, run=second)
    reopen(toy)
    await toy.run()
    assert CALLED == ["add", "add"]
    assert [bool(step.superseded_at) for step in toy.steps()] == [True, False]


async def test_a_computation_that_fails_for_good_is_not_tried_again(toy: Toy) -> None:
    async def failing(job: Any) -> ToyResult:
        await job.local("sum", refuse, Numbers(numbers=(1,)))
        return ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=failing)
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"
    assert "These cannot be added." in (toy.job().message or "")
    reopen(toy)
    await toy.run()
    assert CALLED == ["refuse"]


async def test_a_bug_in_a_computation_is_the_recipes(toy: Toy) -> None:
    async def failing(job: Any) -> ToyResult:
        await job.compute("sum", divide, Numbers(numbers=(1, 0)))
        return ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=failing)
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"
    remedy = toy.read(lambda c: c.execute("SELECT remedy FROM errors").fetchone()["remedy"])
    assert "of a recipe" in remedy


def test_a_computation_must_say_which_result_it_returns() -> None:
    with pytest.raises(TypeError, match=r"test_local_steps\.untyped must be annotated"):
        local_call(LocalExecutor("toy", "", "1"), untyped, Numbers(numbers=()))
