"""Recipe `refine`: generate a picture, evaluate it, refine the prompt, again; keep the best."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engine.capabilities import Attempt, Evaluation, Picture
from engine.capabilities.image import MAX_SIDE, MIN_SIDE
from engine.recipes.refine_input import RefineInput
from engine.recipes.refine_outputs import finish, job_report, project
from engine.runtime.decisions import SELECT, JobShape, numbered
from engine.runtime.fallbacks import BackendNames
from engine.runtime.job import Job
from engine.runtime.recipe import Headline, Recipe, RecipeSettings


class RefineSettings(RecipeSettings):
    """Settings of the recipe `refine`."""

    image: BackendNames = Field(
        "builtin", description="Backend that makes pictures, or several: the next where one fails."
    )
    vision: BackendNames = Field("builtin", description="Backend that evaluates them, or several.")
    text: BackendNames = Field("builtin", description="Backend that refines prompts, or several.")
    max_iterations: int = Field(3, ge=1, le=20, description="Turns of the loop at most.")
    target_score: float = Field(90, ge=0, le=100, description="Score at which the loop stops.")
    width: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Width in pixels by default.")
    height: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Height in pixels by default.")
    vary_seed: bool = Field(
        False,
        description="Give each iteration a seed of its own. By default the seed stays, because a "
        "new seed changes a picture more than a better prompt does.",
    )


class Turn(BaseModel):
    """One turn of the loop: what was asked, what came of it, what was thought of it."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    prompt: str
    negative_prompt: str
    picture: Picture
    evaluation: Evaluation

    @property
    def score(self) -> float:
        """0 to 100, higher is better."""
        return self.evaluation.score

    @property
    def attempt(self) -> Attempt:
        """What the next writer is told of this turn."""
        return Attempt(
            prompt=self.prompt, negative_prompt=self.negative_prompt, evaluation=self.evaluation
        )


async def refine(job: Job[RefineInput, RefineSettings]) -> Turn:
    """Runs the loop and returns its best turn.

    An operator may decide a prompt (`iteration-N/prompt`; empty takes the written one) or the
    result (`select`; 0 takes the best).
    """
    entry, settings = job.input, job.settings
    brief = entry.full_prompt
    prompt, negative_prompt = brief, entry.negative_prompt
    turns: list[Turn] = []
    for iteration in job.iterations(settings.max_iterations):
        decided = await iteration.decide("prompt", default=prompt)
        prompt = decided if decided.strip() else prompt
        picture = await iteration.step(
            "generate",
            job.image.generate,
            prompt,
            negative_prompt=negative_prompt,
            seed=job.seed_for(iteration.number - 1) if settings.vary_seed else job.seed,
            width=entry.width or settings.width,
            height=entry.height or settings.height,
            reference=entry.reference_image,
        )
        evaluation = await iteration.step("evaluate", job.vision.evaluate, picture.image, brief)
        turns.append(
            Turn(
                iteration=iteration.number,
                prompt=prompt,
                negative_prompt=negative_prompt,
                picture=picture,
                evaluation=evaluation,
            )
        )
        if evaluation.score >= settings.target_score or iteration.is_last:
            break
        attempts = [turn.attempt for turn in turns]
        refinement = await iteration.step("refine", job.text.refine, brief, attempts)
        prompt = refinement.prompt
        negative_prompt = refinement.negative_prompt or entry.negative_prompt
    best = max(turns, key=lambda turn: turn.score).iteration
    chosen = await job.decide("select", default=0, among=range(len(turns) + 1))
    return turns[(chosen or best) - 1]


def check_decision(shape: JobShape, key: str, value: Any) -> str:
    """Why a decision does not fit a job, as a sentence: a turn that is not there."""
    if key == SELECT:
        made = shape.numbers("iteration", "evaluate") if shape.job.state == "done" else []
        return _no_such_turn(value, len(made), "made") if made else _beyond(shape, value)
    number = numbered(key, "iteration")
    return f"There is no {key.partition('/')[0]}." if number is None else _beyond(shape, number)


def _beyond(shape: JobShape, number: int) -> str:
    return _no_such_turn(number, shape.settings.max_iterations, "makes at most")


def _no_such_turn(number: int, most: int, makes: str) -> str:
    return f"There is no iteration {number}: the job {makes} {most}." if number > most else ""


RECIPE = Recipe(
    name="refine",
    version="1",
    summary="Generate a picture, evaluate it, refine the prompt; keep the best.",
    input=RefineInput,
    settings=RefineSettings,
    capabilities=("image", "vision", "text"),
    headline=Headline("score", low=0, high=100),
    run=refine,
    score=lambda turn: turn.score,
    starting_prompt=lambda entry: (entry.full_prompt, entry.negative_prompt),
    most_steps=lambda settings: 3 * settings.max_iterations - 1,
    calls=lambda settings: {
        "image": (1, settings.max_iterations),
        "vision": (1, settings.max_iterations),
        "text": (0, settings.max_iterations - 1),
    },
    decisions=("select", "iteration-*/prompt"),
    check_decision=check_decision,
    report=job_report,
    project=project,
    finish=finish,
)
"""The recipe, as the entry point `refine` of `safelight.recipes` gives it."""
