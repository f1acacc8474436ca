"""Catalogs of the suites' own tests."""

import uuid
from typing import Any

from pydantic import BaseModel

from engine.client.memory_catalog import MemoryCatalog
from engine.contract import ImageBackend
from engine.contract.job import Job
from engine.contract.recipe import AnyRecipe, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.refine import RECIPE as REFINE
from engine.recipes.storyboard import RECIPE as STORYBOARD
from engine.testing.fakes import Answer, FakeChatBackend, FakeImageBackend, FakeScoreBackend

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


def judged(request: Any) -> dict[str, Any]:
    """An evaluation whose score depends on the image, and how often the judge was asked."""
    score = (int(request.image.hash[:4], 16) + 7 * request.ask) % 80
    return {**EVALUATION, "score": score}


def answered(request: Any) -> dict[str, Any]:
    """Answers that depend on the image and the asking."""
    bits = int(request.image.hash[:8], 16) >> request.ask
    return {
        "description": "a boat",
        "answers": [
            {"id": one.id, "verdict": "yes" if bits >> at & 1 else "no", "confidence": 0.8}
            for at, one in enumerate(request.questions)
        ],
    }


def compared(request: Any) -> dict[str, Any]:
    """The image with the smaller hash wins, whichever is shown first."""
    winner = "first" if request.first.hash < request.second.hash else "second"
    return {"first": "a boat", "second": "a boat", "reason": "It is redder.", "winner": winner}


QUESTIONS = {
    "questions": [
        {"id": "a", "text": "Is there a boat?", "kind": "object"},
        {"id": "b", "text": "Is the boat red?", "kind": "colour", "depends_on": ["a"]},
        {"id": "c", "text": "Is it a photograph?", "kind": "style"},
    ]
}


def rewritten(request: Any) -> dict[str, Any]:
    """A prompt that says how many attempts and other prompts there were."""
    number = f"{len(request.attempts)}.{len(request.others)}"
    return {**PROMPT, "prompt": f"{request.brief}, version {number}"}


def sets() -> MemoryCatalog:
    """The recipe refine, with judges that depend on the image."""
    vision: dict[str, Answer] = {
        "evaluate": judged,
        "answer_questions": answered,
        "compare_images": compared,
    }
    text: dict[str, Answer] = {
        "refine": rewritten,
        "write_questions": QUESTIONS,
        "guard_brief": {"lost": []},
    }
    return MemoryCatalog(
        [REFINE],
        [
            FakeImageBackend(),
            FakeScoreBackend(("vqascore",)),
            FakeChatBackend(vision, capability="vision"),
            FakeChatBackend(text),
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
