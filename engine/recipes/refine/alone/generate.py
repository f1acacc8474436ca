"""Recipe `generate`: images of a prompt, without evaluation."""

import sqlite3
from typing import Annotated

from pydantic import Field

from db.rows import BatchRow, JobRow
from engine.contract import GeneratedImage, ImageBackend
from engine.contract.backend import FrozenModel
from engine.contract.backend_names import BackendNames
from engine.contract.fields import Name, Seed, TextLength
from engine.contract.files import ImageFile
from engine.contract.folder import Folder
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.job import Job
from engine.contract.options import Option
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.imaging.lineage import Lineage
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.common.images import Source, file_name, put_image
from engine.recipes.refine.alone.reading import done_steps, job_error
from engine.recipes.refine.input import Phrase, Side
from engine.text.amounts import dollars

RESULTS = "results.json"
"""Name of the document beside the images."""


class GenerateInput(RecipeInput):
    """One prompt."""

    id: Name | None = Field(default=None, description="Names the entry; unique in its file.")
    prompt: Annotated[str, TextLength(1, 200_000)] = Field(description="What the images show.")
    negative_prompt: Phrase = Field(default="", description="What to keep out of them.")
    seed: Seed = Field(default=None, description="Source of all randomness; by default derived.")
    width: Side | None = Field(default=None, description="Width in pixels.")
    height: Side | None = Field(default=None, description="Height in pixels.")
    reference_image: ImageFile | None = Field(
        default=None, description="An image whose palette and layout to follow."
    )

    def starting_prompt(self) -> tuple[str, str]:
        """Return the prompt and the negative prompt."""
        return self.prompt, self.negative_prompt


class GenerateSettings(RecipeSettings):
    """Settings of the recipe `generate`."""

    image: BackendNames = Field(
        "builtin", description="Backend that makes images, or several: the next where one fails."
    )
    count: int = Field(1, ge=1, le=100, description="Images of each prompt, each with its seed.")
    width: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Width in pixels by default.")
    height: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Height in pixels by default.")


class Generated(FrozenModel):
    """Images of one prompt, in order."""

    images: tuple[GeneratedImage, ...]


class GeneratedReport(FrozenModel):
    """One job, for people.

    Attributes:
        key: Its key.
        state: Its state.
        error: Why it failed; None if it did not.
        prompt: The prompt.
        negative_prompt: What to keep out.
        images: Its images so far.
        sources: Backend and model of each.
        cost_microdollars: Its cost.
    """

    key: str
    state: str
    error: str | None
    prompt: str
    negative_prompt: str
    images: tuple[GeneratedImage, ...]
    sources: tuple[tuple[str, str], ...]
    cost_microdollars: int


async def generate(job: Job[GenerateInput, GenerateSettings]) -> Generated:
    """Generate the images of one prompt."""
    entry, settings = job.input, job.settings
    images = [
        await job.scope(f"image-{number + 1}").step(
            "generate",
            job.image.generate,
            entry.prompt,
            negative_prompt=entry.negative_prompt,
            seed=job.seed_for(number),
            width=entry.width or settings.width,
            height=entry.height or settings.height,
            reference=entry.reference_image,
        )
        for number in range(settings.count)
    ]
    return Generated(images=tuple(images))


def report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> GeneratedReport:
    """Report of one job."""
    steps = done_steps(connection, job.id)
    entry = GenerateInput.model_validate_json(job.input)
    return GeneratedReport(
        key=job.key,
        state=job.state,
        error=job_error(connection, job),
        prompt=entry.prompt,
        negative_prompt=entry.negative_prompt,
        images=tuple(GeneratedImage.model_validate_json(step.result or "") for step in steps),
        sources=tuple((step.backend, step.model) for step in steps),
        cost_microdollars=job.cost,
    )


def image_names(shown: GeneratedReport, projection: Projection) -> list[str]:
    """Return the names of a job's image files, in order."""
    images = enumerate(shown.images, 1)
    return [file_name(f"image_{n}", image.image, projection.artifact) for n, image in images]


def write_job(projection: Projection) -> None:
    """Bring a job's folder up to date: its images, and `results.json`."""
    if projection.job is None:
        return
    shown = report(projection.connection, projection.batch, projection.job)
    names = image_names(shown, projection)
    with Folder(projection.folder) as folder:
        for image, (backend, model), name in zip(shown.images, shown.sources, names, strict=True):
            source = Source(image.image, _lineage(shown, image, backend, model))
            stored = projection.artifact(image.image.hash)
            put_image(folder, name, source, stored, projection.publisher)
        folder.put(RESULTS, to_json(_document(shown, names)))


def _lineage(
    shown: GeneratedReport, image: GeneratedImage, backend: str, model: str
) -> Lineage | None:
    if image.seed is None:
        return None
    return Lineage(
        prompt=shown.prompt,
        negative_prompt=shown.negative_prompt,
        seed=image.seed,
        width=image.image.width or 1,
        height=image.image.height or 1,
        backend=backend,
        model=model,
    )


def _document(shown: GeneratedReport, names: list[str]) -> dict[str, object]:
    images = zip(shown.images, shown.sources, names, strict=True)
    return {
        "version": VERSION,
        "id": shown.key,
        "state": shown.state,
        "error": shown.error,
        "prompt": shown.prompt,
        "negative_prompt": shown.negative_prompt,
        "images": [
            {
                "file": name,
                "seed": image.seed,
                "backend": backend,
                "model": model,
                "artifact": image.image.hash,
            }
            for image, (backend, model), name in images
        ],
        "cost_usd": dollars(shown.cost_microdollars),
    }


RECIPE = Recipe(
    name="generate",
    version="1",
    summary="Generate images of prompts, and nothing more.",
    input=GenerateInput,
    settings=GenerateSettings,
    uses={"image": ImageBackend},
    run=generate,
    headline=Headline("score", low=0, high=100),
    estimate=lambda _entry, settings: {"image": (settings.count, settings.count)},
    options=(
        Option("--prompt", "prompt", "entry", help="A prompt typed by hand."),
        Option("--count", "count"),
    ),
    outputs=Outputs("generated", report=report, write_job=write_job),
)
"""The recipe, as the entry point `generate` of `safelight.recipes` gives it."""
