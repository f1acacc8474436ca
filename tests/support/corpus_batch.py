"""A toy recipe with steps of a whole batch: a dataset is read before, measures are taken after."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.contract import ChatBackend, Request, Result
from engine.contract.batch import BatchStep
from engine.contract.decision_points import Approval
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import AnyRecipe, GatedSettings, Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from tests.support.agents import refining


class Line(RecipeInput):
    """One sample: a number in the dataset."""

    id: str | None = None
    prompt: str


class BatchedSettings(RecipeSettings):
    """The backend, and words of the dataset that the backend names."""

    text: str = "toy"
    parts: int = 2


class Dataset(BaseModel):
    """Words of the dataset."""

    words: list[str]


class Corpus(BaseModel):
    """Measures over all jobs."""

    jobs: int
    letters: int
    verdict: str


class Described(BaseModel):
    """Description of a sample."""

    text: str


class Texts(Request):
    """The texts of a corpus."""

    texts: tuple[str, ...]


class Letters(Result):
    """Number of letters in all."""

    count: int


def count_letters(request: Texts) -> Letters:
    return Letters(count=sum(map(len, request.texts)))


async def read_dataset(batch: Any) -> Dataset:
    """Asks the backend for each part of the dataset."""
    words = []
    for number in range(batch.settings.parts):
        read = await batch.step(f"part-{number}", refining(batch), f"part {number}", [])
        words.append(read.prompt)
    return Dataset(words=words)


async def describe(job: Any) -> Described:
    """Describes one sample with the dataset's words."""
    brief = f"{job.input.prompt} {' '.join(job.prepared.words)}"
    return Described(text=(await job.step("describe", refining(job), brief, [])).prompt)


async def measure(batch: Any) -> Corpus:
    """Measures all descriptions, and asks the backend for a verdict."""
    texts = tuple(job.result["text"] for job in batch.jobs() if job.state == "done")
    letters = await batch.compute("letters", count_letters, Texts(texts=texts))
    first = batch.prepared.words[0]
    verdict = await batch.step("verdict", refining(batch), f"{letters.count} {first}", [])
    return Corpus(jobs=len(texts), letters=letters.count, verdict=verdict.prompt)


def write_batch(projection: Projection) -> None:
    projection.folder.mkdir(parents=True, exist_ok=True)
    measures = projection.batch.after_result or "null"
    (projection.folder / "measures.json").write_text(measures)


def write_progress(projection: Projection) -> None:
    projection.folder.mkdir(parents=True, exist_ok=True)
    keys = sorted(job.key for job in projection.ended_jobs())
    path: Path = projection.folder / f"prompts_{projection.checkpoint}.json"
    path.write_text(json.dumps(keys))


async def read_and_show(batch: Any) -> Dataset:
    """Reads the dataset, and shows it to an operator."""
    dataset: Dataset = await batch.approve("plan", await read_dataset(batch))
    return dataset


async def measure_and_show(batch: Any) -> Corpus:
    """Measures all descriptions, and shows the measures to an operator."""
    corpus: Corpus = await batch.approve("report", await measure(batch))
    return corpus


class GatedBatchSettings(BatchedSettings, GatedSettings):
    """The same, with gates."""


BATCHED: AnyRecipe = Recipe(
    name="toy",
    version="1",
    summary="Describes a corpus.",
    input=Line,
    settings=BatchedSettings,
    uses={"text": ChatBackend},
    run=describe,
    headline=Headline("score", 0, 100),
    before=BatchStep(read_dataset, Dataset),
    after=BatchStep(measure, Corpus),
    outputs=Outputs(write_batch=write_batch, write_progress=write_progress, progress_every=2),
)

GATED: AnyRecipe = replace(
    BATCHED,
    settings=GatedBatchSettings,
    before=BatchStep(read_and_show, Dataset),
    after=BatchStep(measure_and_show, Corpus),
    decisions=(Approval("before/plan", Dataset), Approval("after/report", Corpus)),
)
"""The same with a gate before the first job and one after the last."""
