"""A turn of the loop: what was asked for, what was generated, how it was judged."""

from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from engine.contract import GeneratedImage
from engine.contract.job import Job
from engine.recipes.refine.agents.evaluator import Evaluation
from engine.recipes.refine.agents.refiner import Attempt
from engine.recipes.refine.input import RefineInput
from engine.recipes.refine.settings import RefineSettings

_FORMER_IMAGE = "picture"
"""Key of `RefineTurn.image` in results of earlier releases."""

METHOD = "refine"
"""Name of the recipe's own steps in the store; part of their fingerprints."""

RefineJob = Job[RefineInput, RefineSettings]

Stop = Literal["target", "iterations", "budget", "plateau", "oscillation", "rejected"]
"""Reason why a loop has ended."""

STOPS: dict[Stop, str] = {
    "target": "The target score is reached.",
    "iterations": "All iterations are done.",
    "budget": "The job has all the images that it may have.",
    "plateau": "The last iterations gained too little.",
    "oscillation": "Prompts or scores were going back and forth.",
    "rejected": "An operator rejected the next prompt.",
}
"""Sentence for each reason."""


def _is_none(value: object) -> bool:
    return value is None


class RefineTurn(BaseModel):
    """One turn of the loop; the best one is the result of a job.

    Attributes:
        iteration: Its number, from 1.
        prompt: Prompt of its image.
        negative_prompt: What to avoid.
        image: Its image, of several candidates the best.
        evaluation: Judgement of the image.
        candidate: Number of the image among the candidates; None if there is only one.
        stop: Reason why the loop ended, in a result.
    """

    model_config = ConfigDict(frozen=True)

    iteration: int
    prompt: str
    negative_prompt: str
    image: GeneratedImage = Field(validation_alias=AliasChoices("image", _FORMER_IMAGE))
    evaluation: Evaluation
    candidate: int | None = Field(default=None, exclude_if=_is_none)
    stop: Stop | None = Field(default=None, exclude_if=_is_none)

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
