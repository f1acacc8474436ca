"""Fallbacks: what is asked, and of whom, when a step has failed for good."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel, ValidationError

from db.queries import history
from engine.contract import (
    Backend,
    Blocked,
    Call,
    CallContext,
    GeneratedImage,
    ImageBackend,
    ImageInfo,
    ImageRequest,
    Permanent,
    Retryable,
)
from engine.contract.backend_names import names_of
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.queueing.queue import QueueError
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.recipes.refine.settings import RefineSettings
from tests.support.backends import InfoBackend, toy_info
from tests.support.engines import Toy, quick_settings
from tests.support.toys import ToyBackend, ToyInput

PNG = b"\x89PNG\r\n\x1a\n"


def refuse(_request: RefineRequest, _context: CallContext) -> None:
    raise Permanent("Not such words.")


def block(_request: RefineRequest, _context: CallContext) -> None:
    raise Blocked("No key.", reason="key", remedy="Set it.")


def other(toy: Toy, name: str, **how: Any) -> ToyBackend:
    backend = ToyBackend(name=name, lane=name, **how)
    toy.catalog.add(cast("Backend", backend))
    return backend


def fallbacks(toy: Toy) -> list[dict[str, str]]:
    events = toy.read(partial(history.events_after, after=0, job_id=1))
    return [json.loads(event.data) for event in events if event.type == "step.fallback"]


# -- how they are named --------------------------------------------------------------------------


def test_backends_are_named_with_commas_or_as_a_list() -> None:
    assert names_of(" fal, comfyui ,builtin") == ("fal", "comfyui", "builtin")
    assert RefineSettings(image=["fal", "builtin"]).image == "fal,builtin"
    assert RefineSettings(image="fal, builtin").image == "fal,builtin"


@pytest.mark.parametrize("wrong", ["", "fal,,builtin", "fal,fal", ["fal", 1], [[]]])
def test_names_that_are_none_are_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        RefineSettings(image=wrong)


def test_a_backend_that_is_not_there_is_refused_when_queued(toy: Toy) -> None:
    for wrong in ("toy,nobody", "toy,toy", ""):
        with pytest.raises(QueueError):
            toy.queue(overrides={"text": wrong})


async def test_a_capability_whose_setting_is_none_is_not_used(toy: Toy) -> None:
    class Optional(RecipeSettings):
        text: str = "toy"
        image: str | None = None
        steps: int = 1
        together: bool = False

    recipe = toy.catalog.known_recipes["toy"]
    uses = {**recipe.uses, "image": ImageBackend}
    toy.catalog.known_recipes["toy"] = replace(recipe, settings=Optional, uses=uses)
    toy.queue()
    await toy.run()
    assert toy.job().state == "done"
    with pytest.raises(QueueError, match="nobody"):
        toy.queue(overrides={"image": "nobody"})


# -- the ways ------------------------------------------------------------------------------------


async def test_the_next_backend_is_asked_and_says_so(toy: Toy) -> None:
    toy.backend.reply = refuse
    spare = other(toy, "spare")
    toy.queue(overrides={"text": "toy,spare", "steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    rows = [(step.key, step.state, step.backend) for step in toy.steps()]
    assert rows == [("say-0", "failed", "toy"), ("say-0@spare", "done", "spare")]
    reason = {"from": "say-0", "to": "say-0@spare", "reason": "Not such words."}
    assert fallbacks(toy) == [reason]
    assert spare.asked == ["prompt 0/say-0"]


async def test_the_last_refusal_is_the_jobs_and_a_retry_asks_all_again(toy: Toy) -> None:
    toy.backend.reply = refuse
    spare = other(toy, "spare", reply=refuse)
    toy.queue(overrides={"text": "toy,spare", "steps": 1})
    await toy.run()
    assert toy.job().state == "failed"
    spare.reply = None
    async with toy.running():
        await toy.obeyed("retry", job=1)
        await toy.becomes("done")
    assert (len(toy.backend.asked), len(spare.asked)) == (2, 2)


async def test_what_a_fallback_has_answered_holds(toy: Toy) -> None:
    """The second step fails for good; the retry does not ask the first backend again."""
    calls = []

    def second_fails(request: RefineRequest, _context: CallContext) -> None:
        calls.append(request.brief)
        if request.brief.endswith("say-1") and len(calls) < 3:
            raise Permanent("Not yet.")

    toy.backend.reply = refuse
    spare = other(toy, "spare", reply=second_fails)
    toy.queue(overrides={"text": "toy,spare", "steps": 2})
    await toy.run()
    assert toy.job().state == "failed"
    toy.backend.reply = None  # it would answer now
    async with toy.running():
        await toy.obeyed("retry", job=1)
        await toy.becomes("done")
    assert spare.asked.count("prompt 0/say-0") == 1
    assert toy.backend.asked.count("prompt 0/say-0") == 1
    done = {step.key for step in toy.steps() if step.state == "done" and not step.superseded_at}
    assert done == {"say-0@spare", "say-1"}


async def test_a_blocked_backend_parks_the_job_unless_asked_otherwise(toy: Toy) -> None:
    toy.backend.reply = block
    spare = other(toy, "spare")
    toy.queue(overrides={"text": "toy,spare", "steps": 1})
    async with toy.running():
        await toy.becomes("parked")
    assert spare.asked == []


async def test_a_blocked_backend_is_passed_by_where_that_is_asked_for(toy: Toy) -> None:
    toy.settings = quick_settings(fallback_when_blocked=True)
    toy.backend.reply = block
    other(toy, "spare")
    toy.queue(overrides={"text": "toy,spare", "steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert [step.key for step in toy.steps() if step.state == "done"] == ["say-0@spare"]


async def test_a_full_disk_is_nothing_that_another_backend_mends(toy: Toy) -> None:
    def full(_request: RefineRequest, _context: CallContext) -> None:
        raise Blocked("Full.", reason="disk")

    toy.settings = quick_settings(fallback_when_blocked=True)
    toy.backend.reply = full
    spare = other(toy, "spare")
    toy.queue(overrides={"text": "toy,spare", "steps": 1})
    async with toy.running():
        await toy.becomes("parked")
    assert spare.asked == []


# -- the simplified prompt -----------------------------------------------------------------------


class Images(InfoBackend):
    """Makes images of prompts without a certain word."""

    def __init__(self, name: str, refuses: str, **facts: Any) -> None:
        super().__init__(toy_info(name, "image", ImageInfo, model="1", lane="images", **facts))
        self.refuses = refuses

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        if self.refuses in request.prompt:
            raise Permanent(f"Nothing with {self.refuses}.")
        image = await context.keep(PNG + request.prompt.encode() + self.info.name.encode())
        return GeneratedImage(image=image, seed=request.seed)


class ImageSettings(RecipeSettings):
    image: str = "one,two"


class Made(BaseModel):
    prompt: str = ""


async def paint(job: Any) -> Made:
    def asked(prompt: str) -> Call[GeneratedImage]:
        return cast("Call[GeneratedImage]", job.image.generate(prompt, seed=1, width=64, height=64))

    await job.step("generate", asked, f"{job.input.prompt}, with corrections")
    return Made()


class PaintInput(ToyInput):
    def starting_prompt(self) -> tuple[str, str]:
        return self.prompt, ""


PAINT: AnyRecipe = Recipe(
    name="toy",
    version="1",
    summary="Paints.",
    input=PaintInput,
    settings=ImageSettings,
    uses={"image": ImageBackend},
    headline=Headline("score", 0, 100),
    run=paint,
)


@pytest.mark.parametrize(
    ("refused", "keys"),
    [
        (("never", "never"), ["generate"]),
        (("corrections", "never"), ["generate", "generate@simplified"]),
        (("prompt", "never"), ["generate", "generate@simplified", "generate@two"]),
        (
            ("prompt", "corrections"),
            ["generate", "generate@simplified", "generate@two", "generate@two-simplified"],
        ),
    ],
)
async def test_an_image_is_asked_for_once_more_without_corrections(
    tmp_path: Path, refused: tuple[str, str], keys: list[str]
) -> None:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = PAINT
    for name, word in zip(("one", "two"), refused, strict=True):
        toy.catalog.add(cast("Backend", Images(name, word)))
    toy.queue()
    await toy.run()
    steps = toy.steps()
    assert [step.key for step in steps] == keys
    assert [step.state for step in steps] == ["failed"] * (len(keys) - 1) + ["done"]
    prompt = json.loads(steps[-1].request)["prompt"]
    assert prompt == ("prompt 0" if "simplified" in keys[-1] else "prompt 0, with corrections")
    assert [found["to"] for found in fallbacks(toy)] == keys[1:]


@pytest.mark.parametrize(
    ("refused", "prompts"),
    [(("detailed", "never"), ["a detailed boat", "a boat"]), (("boat", "a"), [])],
)
async def test_a_call_can_have_a_simpler_request_of_its_own(
    tmp_path: Path, refused: tuple[str, str], prompts: list[str]
) -> None:
    """It comes before the next backend, which is asked for both as well."""

    async def paint_a_boat(job: Any) -> Made:
        def asked(prompt: str) -> Call[GeneratedImage]:
            call = job.image.generate(prompt, seed=1, width=64, height=64, simpler_prompt="a boat")
            return cast("Call[GeneratedImage]", call)

        await job.step("generate", asked, "a detailed boat")
        return Made()

    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = replace(PAINT, run=paint_a_boat)
    for name, word in zip(("one", "two"), refused, strict=True):
        toy.catalog.add(cast("Backend", Images(name, word)))
    toy.queue()
    await toy.run()
    asked = [(step.backend, json.loads(step.request)["prompt"]) for step in toy.steps()]
    if prompts:
        assert asked == [("one", prompt) for prompt in prompts]
    else:
        words = ["a detailed boat", "a boat"]
        assert asked == [(name, prompt) for name in ("one", "two") for prompt in words]
        assert fallbacks(toy)[0]["to"] == "generate@simplified"
        assert toy.job().state == "failed"
    toy.queue(overrides={"image": "one"})
    await toy.run()
    assert [step.backend for step in toy.steps(2)] == ["one", "one"]


class Unreachable(Images):
    """Generates every image and hands out none."""

    async def generate(self, request: ImageRequest, context: CallContext) -> GeneratedImage:
        await context.submitted(context.request_id or request.prompt)
        raise Retryable("The file does not come.")


async def test_an_image_that_exists_is_not_bought_once_more_without_corrections(
    tmp_path: Path,
) -> None:
    toy = Toy(tmp_path)
    toy.catalog.known_recipes["toy"] = PAINT
    toy.catalog.add(cast("Backend", Unreachable("one", "", resumable=True)))
    toy.catalog.add(cast("Backend", Images("two", "never")))
    toy.queue()
    await toy.run()
    assert [(step.key, step.state) for step in toy.steps()] == [
        ("generate", "failed"),
        ("generate@two", "done"),
    ]


def test_what_has_no_corrections_is_not_asked_again() -> None:
    request = ImageRequest(prompt="a lamp", seed=1, width=64, height=64)
    assert request.simplified("a lamp", "") is None
    assert request.simplified("a lamp", "fog") == request.model_copy(
        update={"negative_prompt": "fog"}
    )
