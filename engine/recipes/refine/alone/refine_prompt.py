"""Recipe `refine-prompt`: a better prompt, from a prompt and an evaluation of its image."""

import sqlite3
from typing import Annotated

from pydantic import Field

from db.rows import BatchRow, JobRow
from engine.contract import ChatBackend
from engine.contract.backend import FrozenModel
from engine.contract.backend_names import BackendNames
from engine.contract.fields import Name, Seed, TextLength
from engine.contract.folder import Folder
from engine.contract.job import Job
from engine.contract.options import Option
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.refine.agents.evaluator import Evaluation
from engine.recipes.refine.agents.refiner import REFINER, Attempt, Refinement, RefineRequest
from engine.recipes.refine.alone.reading import done_steps, job_error
from engine.recipes.refine.input import Phrase, Prompt
from engine.text.amounts import dollars

REFINED = "refined_prompt.json"
"""Name of the document of a refined prompt."""

UNSCORED = 50.0
"""Score that the refiner is given of an image that has none."""


class RefinePromptInput(RecipeInput):
    """A prompt, and what became of it."""

    id: Name | None = Field(default=None, description="Names the entry; unique in its file.")
    prompt: Annotated[str, TextLength(1, 200_000)] = Field(description="The prompt to improve.")
    evaluation: Annotated[str, TextLength(1, 200_000)] = Field(
        description="What is in the image that the prompt gave, or what is wrong with it."
    )
    negative_prompt: Phrase = Field(default="", description="What was to be kept out of it.")
    brief: Prompt = Field(
        default="", description="What is wanted, if the prompt is no longer it: by default it is."
    )
    score: float | None = Field(default=None, ge=0, le=100, description="Score of the image.")
    missing: tuple[str, ...] = Field(default=(), description="What the image lacks.")
    measurements: dict[str, float] = Field(
        default_factory=dict, description="Measured values of the image, as an evaluation has them."
    )
    seed: Seed = Field(default=None, description="Has no effect.")

    def starting_prompt(self) -> tuple[str, str]:
        """Return the prompt and the negative prompt."""
        return self.prompt, self.negative_prompt


class RefinePromptSettings(RecipeSettings):
    """Settings of the recipe `refine-prompt`."""

    text: BackendNames = Field(
        "builtin", description="Backend that refines prompts, or several: the next if one fails."
    )


class RefinedReport(FrozenModel):
    """One job, for people.

    Attributes:
        key: Its key.
        state: Its state.
        error: Why it failed; None if it did not.
        prompt: The prompt that was refined.
        refined_prompt: The better prompt; empty while there is none.
        negative_prompt: What to keep out.
        reason: Why it should be better.
        author: Backend and model that wrote it.
        cost_microdollars: Its cost.
    """

    key: str
    state: str
    error: str | None
    prompt: str
    refined_prompt: str = ""
    negative_prompt: str = ""
    reason: str = ""
    author: str = ""
    cost_microdollars: int = 0


async def refine_prompt(job: Job[RefinePromptInput, RefinePromptSettings]) -> Refinement:
    """Refine one prompt."""
    entry = job.input
    evaluation = Evaluation(
        score=UNSCORED if entry.score is None else entry.score,
        description=entry.evaluation,
        missing=entry.missing,
        measurements=entry.measurements,
        scorer="operator",
    )
    attempt = Attempt(
        prompt=entry.prompt, negative_prompt=entry.negative_prompt, evaluation=evaluation
    )
    request = RefineRequest(brief=entry.brief or entry.prompt, attempts=(attempt,))
    return await job.step("refine", job.text.structured, REFINER, request)


def report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> RefinedReport:
    """Report of one job."""
    entry = RefinePromptInput.model_validate_json(job.input)
    shown = RefinedReport(
        key=job.key,
        state=job.state,
        error=job_error(connection, job),
        prompt=entry.prompt,
        cost_microdollars=job.cost,
    )
    for step in done_steps(connection, job.id):
        refined = Refinement.model_validate_json(step.result or "")
        return shown.model_copy(
            update={
                "refined_prompt": refined.prompt,
                "negative_prompt": refined.negative_prompt,
                "reason": refined.reason,
                "author": refined.author,
            }
        )
    return shown


def write_job(projection: Projection) -> None:
    """Bring a job's folder up to date: `refined_prompt.json`."""
    if projection.job is None:
        return
    shown = report(projection.connection, projection.batch, projection.job)
    plain = shown.model_dump(exclude={"key", "cost_microdollars"})
    cost = dollars(shown.cost_microdollars)
    document = {"version": VERSION, "id": shown.key, **plain, "cost_usd": cost}
    with Folder(projection.folder) as folder:
        folder.put(REFINED, to_json(document))


RECIPE = Recipe(
    name="refine-prompt",
    version="1",
    summary="Write a better prompt from a prompt and an evaluation of its image.",
    input=RefinePromptInput,
    settings=RefinePromptSettings,
    uses={"text": ChatBackend},
    agents=(REFINER,),
    run=refine_prompt,
    headline=Headline("score", low=0, high=100),
    estimate=lambda _entry, _settings: {"text": (1, 1)},
    options=(
        Option("--prompt", "prompt", target="entry"),
        Option("--evaluation", "evaluation", target="entry"),
        Option("--brief", "brief", target="entry"),
    ),
    outputs=Outputs("refined_prompts", report=report, write_job=write_job),
)
"""The recipe, as the entry point `refine-prompt` of `safelight.recipes` gives it."""
