"""Recipe `evaluate`: what is in an image, and how well it answers a prompt if one is given."""

import sqlite3

from pydantic import Field

from db.rows import BatchRow, JobRow
from engine.contract import ChatBackend
from engine.contract.backend import FrozenModel
from engine.contract.backend_names import BackendNames
from engine.contract.fields import Name, Seed
from engine.contract.files import ImageFile
from engine.contract.folder import Folder
from engine.contract.job import Job
from engine.contract.outputs import Outputs, Projection
from engine.contract.recipe import Headline, Recipe, RecipeSettings
from engine.contract.recipe_input import RecipeInput
from engine.recipes.common.documents import VERSION, to_json
from engine.recipes.refine.agents.describer import DESCRIBER, DescribeRequest
from engine.recipes.refine.agents.evaluator import EVALUATOR, EvaluateRequest
from engine.recipes.refine.alone.reading import done_steps, job_error
from engine.recipes.refine.input import Prompt
from engine.recipes.refine.report import EvaluationReport
from engine.text.amounts import dollars

EVALUATION = "evaluation.json"
"""Name of the document of an evaluation."""


class EvaluateInput(RecipeInput):
    """One image, and the prompt that it should answer."""

    id: Name | None = Field(default=None, description="Names the entry; unique in its file.")
    image: ImageFile = Field(description="The image: PNG, JPEG or WebP.")
    prompt: Prompt = Field(
        default="",
        description="What the image should show. Without one, it is described and not scored.",
    )
    seed: Seed = Field(default=None, description="Has no effect.")


class EvaluateSettings(RecipeSettings):
    """Settings of the recipe `evaluate`."""

    vision: BackendNames = Field(
        "builtin", description="Backend that looks at images, or several: the next if one fails."
    )


class Evaluated(FrozenModel):
    """Evaluation of one image; without a score if no prompt was given."""

    description: str
    score: float | None = Field(default=None, ge=0, le=100)
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    measurements: dict[str, float] = Field(default_factory=dict)
    scorer: str = ""


class EvaluatedReport(FrozenModel):
    """One job, for people.

    Attributes:
        key: Its key.
        state: Its state.
        error: Why it failed; None if it did not.
        prompt: The prompt; empty if the image was described only.
        image: SHA-256 of the image.
        evaluation: The evaluation; None while there is none.
        cost_microdollars: Its cost.
    """

    key: str
    state: str
    error: str | None
    prompt: str
    image: str
    evaluation: EvaluationReport | None
    cost_microdollars: int


async def evaluate(job: Job[EvaluateInput, EvaluateSettings]) -> Evaluated:
    """Evaluate one image."""
    image, prompt = job.input.image, job.input.prompt
    if not prompt:
        described = await job.step(
            "describe", job.vision.structured, DESCRIBER, DescribeRequest(image=image)
        )
        return Evaluated(description=described.description, scorer=described.scorer)
    request = EvaluateRequest(image=image, brief=prompt)
    judged = await job.step("evaluate", job.vision.structured, EVALUATOR, request)
    return Evaluated(
        description=judged.description,
        score=judged.score,
        reasons=judged.reasons,
        missing=judged.missing,
        measurements=judged.measurements,
        scorer=judged.scorer,
    )


def report(connection: sqlite3.Connection, batch: BatchRow, job: JobRow) -> EvaluatedReport:
    """Report of one job."""
    entry = EvaluateInput.model_validate_json(job.input)
    steps = done_steps(connection, job.id)
    evaluation = None
    if steps:
        plain = EvaluationReport.model_validate_json(steps[-1].result or "{}", extra="ignore")
        names = {"backend": steps[-1].backend, "model": steps[-1].model}
        evaluation = plain.model_copy(update=names)
    return EvaluatedReport(
        key=job.key,
        state=job.state,
        error=job_error(connection, job),
        prompt=entry.prompt,
        image=entry.image.hash,
        evaluation=evaluation,
        cost_microdollars=job.cost,
    )


def write_job(projection: Projection) -> None:
    """Bring a job's folder up to date: `evaluation.json`."""
    if projection.job is None:
        return
    shown = report(projection.connection, projection.batch, projection.job)
    judged = {} if shown.evaluation is None else shown.evaluation.model_dump(mode="json")
    document = {
        "version": VERSION,
        "id": shown.key,
        "state": shown.state,
        "error": shown.error,
        "prompt": shown.prompt,
        "artifact": shown.image,
        **judged,
        "cost_usd": dollars(shown.cost_microdollars),
    }
    with Folder(projection.folder) as folder:
        folder.put(EVALUATION, to_json(document))


RECIPE = Recipe(
    name="evaluate",
    version="1",
    summary="Say what is in an image, and how well it answers a prompt.",
    input=EvaluateInput,
    settings=EvaluateSettings,
    uses={"vision": ChatBackend},
    agents=(EVALUATOR, DESCRIBER),
    run=evaluate,
    headline=Headline("score", low=0, high=100),
    estimate=lambda _entry, _settings: {"vision": (1, 1)},
    outputs=Outputs("evaluations", report=report, write_job=write_job),
)
"""The recipe, as the entry point `evaluate` of `safelight.recipes` gives it."""
