"""Steps of a whole batch that a crash can come between: paid calls before and after its jobs."""

import json
from typing import Any

from pydantic import BaseModel

from engine.contract import ChatBackend, ImageBackend
from engine.contract.batch import BatchStep
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import AnyRecipe, Headline, Recipe
from engine.recipes.refine.agents.evaluator import Evaluation
from engine.recipes.refine.agents.refiner import Attempt
from tests.support.agents import refining
from tests.support.chaos_recipe import ChaosInput, ChaosSettings

LIKED = Evaluation(score=1, description="", scorer="chaos")


class Basis(BaseModel):
    """Basis of all jobs: a text, and the hash of an image."""

    text: str
    image: str


class Verdict(BaseModel):
    """Findings about all jobs together."""

    text: str
    jobs: list[str]


class Text(BaseModel):
    """Text that a job wrote."""

    text: str


def attempts(text: str) -> list[Attempt]:
    return [Attempt(prompt=text, evaluation=LIKED)]


async def prepare(batch: Any) -> Basis:
    """Pays for a text, then for an image of it."""
    said = await batch.step("read", refining(batch), "basis", attempts("basis"))
    image = await batch.step(
        "draw", batch.image.generate, said.prompt, seed=batch.seed, width=64, height=64
    )
    return Basis(text=said.prompt, image=image.image.hash)


async def write(job: Any) -> Text:
    """Pays for a text that is based on the batch's."""
    brief = f"{job.input.prompt} {job.prepared.image[:4]}"
    said = await job.step("write", refining(job), brief, attempts(job.prepared.text))
    return Text(text=said.prompt)


async def judge(batch: Any) -> Verdict:
    """Pays for a text about all texts."""
    texts = [job.result["text"] for job in batch.jobs()]
    said = await batch.step("judge", refining(batch), "all", attempts(" ".join(texts)))
    return Verdict(text=said.prompt, jobs=texts)


def write_batch(projection: Projection) -> None:
    projection.folder.mkdir(parents=True, exist_ok=True)
    (projection.folder / "verdict.json").write_text(projection.batch.after_result or "")


def write_progress(projection: Projection) -> None:
    projection.folder.mkdir(parents=True, exist_ok=True)
    texts = sorted(job.result or "" for job in projection.ended_jobs())
    path = projection.folder / f"{projection.checkpoint}.json"
    path.write_text(json.dumps(texts if projection.ended == 3 else len(texts)))


CORPUS: AnyRecipe = Recipe(
    name="corpus",
    version="1",
    summary="Everything of a whole batch that a crash can come between.",
    input=ChaosInput,
    settings=ChaosSettings,
    uses={"image": ImageBackend, "vision": ChatBackend, "text": ChatBackend},
    run=write,
    headline=Headline("score", 0, 100),
    before=BatchStep(prepare, Basis),
    after=BatchStep(judge, Verdict),
    outputs=Outputs(write_batch=write_batch, write_progress=write_progress, progress_every=1),
)
