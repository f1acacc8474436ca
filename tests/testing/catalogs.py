"""Catalogs of the suites' own tests."""

import uuid

from pydantic import BaseModel

from engine.contract import ImageBackend
from engine.contract.job import Job
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.refine import RECIPE as REFINE
from engine.recipes.storyboard import RECIPE as STORYBOARD
from engine.testing.catalog import MemoryCatalog
from engine.testing.fakes import FakeChatBackend, FakeImageBackend, FakeScoreBackend

EVALUATION = {
    "description": "a boat",
    "missing": ["the lake"],
    "reasons": ["The boat is there."],
    "score": 50,
}
PROMPT = {"prompt": "a red boat, seen from above", "negative_prompt": "", "reason": "clearer"}


def both() -> MemoryCatalog:
    """Both recipes, on fakes that know nothing of them."""
    return MemoryCatalog(
        [REFINE, STORYBOARD],
        [
            FakeImageBackend(),
            FakeScoreBackend(("pickscore", "clipscore")),
            FakeChatBackend({"evaluate": EVALUATION}, capability="vision"),
            FakeChatBackend({"refine": PROMPT}),
        ],
    )


class RestlessInput(RecipeInput):
    """One entry."""

    id: str | None = None
    prompt: str


class RestlessSettings(RecipeSettings):
    """Settings of the restless recipe."""

    image: str = "fake"


class RestlessResult(BaseModel):
    """Its result."""

    hash: str


async def restless(job: Job[RestlessInput, RestlessSettings]) -> RestlessResult:
    """Ask for another image in every run, as no recipe may."""
    prompt = f"{job.input.prompt} {uuid.uuid4()}"
    found = await job.step("generate", job.image.generate, prompt, seed=1, width=64, height=64)
    return RestlessResult(hash=found.image.hash)


def restless_one() -> MemoryCatalog:
    """A recipe that breaks its contract."""
    recipe: AnyRecipe = Recipe(
        name="restless",
        version="1",
        summary="Asks for another image in every run.",
        input=RestlessInput,
        settings=RestlessSettings,
        uses={"image": ImageBackend},
        run=restless,
        headline=Headline("none", 0, 1),
    )
    return MemoryCatalog([recipe], [FakeImageBackend()])
