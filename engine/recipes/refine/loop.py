"""Recipe `refine`: generate an image, evaluate it, refine the prompt, again; keep the best."""

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from engine.contract import GeneratedImage, Rejected
from engine.contract.job import Job
from engine.recipes.refine.agents.evaluator import EVALUATOR, EvaluateRequest, Evaluation
from engine.recipes.refine.agents.refiner import REFINER, Attempt, RefineRequest
from engine.recipes.refine.gates import NextImage, looked_at
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.settings import RefineSettings

_FORMER_IMAGE = "picture"
"""Key of `RefineTurn.image` in results of earlier releases."""


class RefineTurn(BaseModel):
    """One turn of the loop: what was asked, what came of it, what was thought of it."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    prompt: str
    negative_prompt: str
    image: GeneratedImage = Field(validation_alias=AliasChoices("image", _FORMER_IMAGE))
    evaluation: Evaluation

    @property
    def score(self) -> float:
        """0 to 100, higher is better."""
        return self.evaluation.score

    @property
    def attempt(self) -> Attempt:
        """Entry of this turn in the next prompt writer's history."""
        return Attempt(
            prompt=self.prompt, negative_prompt=self.negative_prompt, evaluation=self.evaluation
        )


async def refine(job: Job[RefineInput, RefineSettings]) -> RefineTurn:
    """Run the loop and return its best turn.

    An operator may decide a prompt (`iteration-N/prompt`; empty takes the written one) or the
    result (`select`; 0 takes the best). At a gate, the prompt of the next image waits for approval;
    one that is rejected ends the loop, and the best turn so far is the result.
    """
    entry, settings = job.input, job.settings
    brief = entry.full_prompt
    prompt, negative_prompt = brief, entry.negative_prompt
    turns: list[RefineTurn] = []
    for iteration in job.iterations(settings.max_iterations):
        decided = await iteration.decide("prompt", default=prompt)
        prompt = decided if decided.strip() else prompt
        try:
            shown = NextImage(prompt=prompt, negative_prompt=negative_prompt)
            approved = await looked_at(job, iteration, shown)
        except Rejected:
            if not turns:
                raise
            break
        prompt, negative_prompt = approved.prompt, approved.negative_prompt
        image = await iteration.step(
            "generate",
            job.image.generate,
            prompt,
            negative_prompt=negative_prompt,
            seed=job.seed_for(iteration.number - 1) if settings.vary_seed else job.seed,
            width=entry.width or settings.width,
            height=entry.height or settings.height,
            reference=entry.reference_image,
        )
        request = EvaluateRequest(image=image.image, brief=brief)
        evaluation = await iteration.step("evaluate", job.vision.structured, EVALUATOR, request)
        turns.append(
            RefineTurn(
                iteration=iteration.number,
                prompt=prompt,
                negative_prompt=negative_prompt,
                image=image,
                evaluation=evaluation,
            )
        )
        if evaluation.score >= settings.target_score or iteration.is_last:
            break
        history = RefineRequest(brief=brief, attempts=tuple(turn.attempt for turn in turns))
        refinement = await iteration.step("refine", job.text.structured, REFINER, history)
        prompt = refinement.prompt
        negative_prompt = refinement.negative_prompt or entry.negative_prompt
    best = max(turns, key=lambda turn: turn.score).iteration
    chosen = await job.decide("select", default=0, among=range(len(turns) + 1))
    return turns[(chosen or best) - 1]
