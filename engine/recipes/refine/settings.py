"""Settings of the recipe `refine`."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from engine.contract.backend_names import BackendNames
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.recipe import SpendingGates, listed

EvaluationMode = Literal["describe", "checklist", "pairwise"]
"""Ways to evaluate images."""

AvoidedTerm = Annotated[str, Field(min_length=1, max_length=200)]
"""A term or a change that did not help with a model before."""


class RefineSettings(SpendingGates):
    """Settings of the recipe `refine`."""

    image: BackendNames = Field(
        "builtin", description="Backend that makes images, or several: the next where one fails."
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
        "new seed changes an image more than a better prompt does.",
    )
    candidates: int = Field(
        1,
        ge=1,
        le=16,
        description="Images per iteration, with different seeds; the best is refined further.",
    )
    rewrites: int = Field(
        1,
        ge=1,
        le=8,
        description="Prompts written per iteration. Each is tried with one image, and the best has "
        "the further candidates.",
    )
    max_images: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Images of one job at most, over all iterations. If they are too few for all "
        "candidates, later iterations have further seeds only after one that gained nothing.",
    )
    evaluation: EvaluationMode = Field(
        "describe",
        description="How images are evaluated: `describe` for a score and a critique by the "
        "evaluator, `checklist` for yes/no questions of the brief and the share that is met, "
        "`pairwise` for comparisons of two images at a time.",
    )
    judges: int = Field(
        1,
        ge=1,
        le=9,
        description="Times that a judge is asked about the same image. A backend that always "
        "answers the same is asked once.",
    )
    judge_temperature: float | None = Field(
        None, ge=0, le=2, description="Temperature of the judge; by default the backend's own."
    )
    score: BackendNames | None = Field(
        None,
        description="Scorer that answers the questions of `checklist` in place of the vision "
        "backend: one that answers yes or no, such as `local` with `vqascore`.",
    )
    guard: bool | None = Field(
        None,
        description="Check that each new prompt still asks for all of the brief; by default with "
        "`checklist` only.",
    )
    min_gain: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Points that the best score has to gain; the loop stops after `patience` "
        "iterations in a row that gain less. By default it does not.",
    )
    patience: int = Field(1, ge=1, le=20, description="Iterations that may gain too little.")
    stop_oscillating: bool = Field(
        False,
        description="Stop if every new prompt was tried before, or if scores go up and down "
        "between the same two values.",
    )
    avoid: Annotated[tuple[AvoidedTerm, ...], BeforeValidator(listed)] = Field(
        (),
        max_length=100,
        description="Terms and changes that did not help with this model before; the refiner "
        "leaves them out.",
    )
    learned: bool = Field(
        True,
        description="When a batch is queued, fill `avoid` with what never helped with its model "
        "in earlier batches of this workspace.",
    )
    write_prompt: bool = Field(
        True,
        description="Have the text backend write the prompt of an entry that has title, scene or "
        "mood only.",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_release(cls, data: Any, info: ValidationInfo) -> Any:
        """Write no prompt in batches that were queued before there was the setting."""
        if info.mode == "json" and isinstance(data, dict):
            return {"write_prompt": False, **data}
        return data

    @property
    def has_sets(self) -> bool:
        """True if an iteration may have several images."""
        return self.candidates > 1 or self.rewrites > 1

    @property
    def is_guarded(self) -> bool:
        """True if new prompts are checked against the brief."""
        return self.evaluation == "checklist" if self.guard is None else self.guard
