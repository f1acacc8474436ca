"""Settings of the recipe `storyboard`, and the presets that several of them come from."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from engine.contract.backend_names import BackendNames, OptionalBackend
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.recipe import SpendingGates
from engine.recipes.storyboard.combine import Combination
from engine.recipes.storyboard.film import CRITERIA

MAX_VARIATIONS, MAX_ROUNDS = 16, 10
MAX_WEIGHT = 1e6
"""The greatest weight: the sum of several has to be a number still."""
MAX_SCENES = 64
"""Scenes of one storyboard at most: their images are compared with each other as one set."""

Preset = Literal["maximum", "balanced", "fast", "simple"]
PRESETS: dict[str, dict[str, float]] = {
    "maximum": {
        "num_variations": 6,
        "max_enhancement_iterations": 4,
        "quality_threshold": 55.0,
    },
    "balanced": {
        "num_variations": 4,
        "max_enhancement_iterations": 4,
        "quality_threshold": 40.0,
    },
    "fast": {
        "num_variations": 2,
        "max_enhancement_iterations": 2,
        "quality_threshold": 30.0,
    },
    "simple": {
        "num_variations": 1,
        "max_enhancement_iterations": 0,
        "quality_threshold": 0.0,
    },
}
"""Settings of each preset; explicit settings win. The thresholds are on the scale of the scorers'
maps: an image of another text gets about 25, one of its own by today's models 45 to 65."""

CRITERIA_WEIGHTS = dict(zip(CRITERIA, (0.25, 0.25, 0.2, 0.15, 0.15), strict=True))
"""Weight of each criterion of a prompt's score by default."""

OF_VERSION_1 = {
    "image", "text", "score", "preset", "num_variations", "max_enhancement_iterations",
    "quality_threshold", "score_threshold", "below_threshold", "max_regenerations", "combination",
    "score_weights", "criteria_weights", "reference_mode", "reference_strategy", "num_scenes",
    "seconds_per_scene", "width", "height", "trace_cleanup",
}  # fmt: skip
"""Settings that a batch of version 1 of the recipe has kept, all of them."""


FORMER: dict[str, Any] = {"min_gain": 0.0, "subjects": False, "animatic": False}
"""Settings of a batch that was queued with version 1 of the recipe and runs as it did."""


def _is_of_version_1(data: Mapping[str, Any]) -> bool:
    return data.keys() >= OF_VERSION_1 and not FORMER.keys() & data.keys()


def _mapping(value: Any) -> Any:
    """Weights from the command line, `pickscore=0.6,aesthetic=0.4` or JSON, as a mapping."""
    if not isinstance(value, str):
        return value
    if value.strip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("is not JSON; write name=weight,name=weight") from None
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("write name=weight,name=weight")
    return {name.strip(): weight.strip() for name, _, weight in pairs}


Weights = Annotated[dict[str, float], BeforeValidator(_mapping)]


class StoryboardSettings(SpendingGates):
    """Settings of the recipe `storyboard`."""

    image: BackendNames = Field(
        "builtin",
        description="Backend that makes images, or several: the next where one fails. Where its "
        "key is there, gemini-image is the one to take: it follows several reference images.",
    )
    text: BackendNames = Field(
        "builtin", description="Backend that writes scenes and prompts and judges them, or several."
    )
    score: BackendNames = Field(
        "builtin", description="Backend that scores and compares images, or several."
    )
    video: OptionalBackend = Field(
        None,
        description="Backend that makes a clip of each scene from its image, or several; the clips "
        "are cut to a film. None by default.",
    )
    preset: Preset = Field(
        "balanced", description="What num_variations and the like are where they are not set."
    )
    num_variations: int | None = Field(
        None,
        ge=1,
        le=MAX_VARIATIONS,
        description="Images of each scene. By preset 6, 4, 2 or 1.",
    )
    max_enhancement_iterations: int | None = Field(
        None,
        ge=0,
        le=MAX_ROUNDS,
        description="Rounds of writing a scene's prompt at most; 0 takes the scene's own words. "
        "By preset 4, 4, 2 or 0.",
    )
    quality_threshold: float | None = Field(
        None,
        ge=0,
        le=100,
        description="Quality score below which a scene's best image is not good enough. "
        "By preset 55, 40, 30 or 0.",
    )
    score_threshold: float = Field(
        85, ge=0, le=100, description="Score of a prompt at which its rounds stop."
    )
    min_gain: float = Field(
        2,
        ge=0,
        le=100,
        description="Points by which a round has to better a prompt's best score for another one; "
        "0 for any number of rounds without a gain.",
    )
    below_threshold: Literal["warn", "regenerate"] = Field(
        "warn", description="What to do where the best image is below the quality threshold."
    )
    max_regenerations: int = Field(
        1, ge=0, le=3, description="How often regenerate makes another set of images at most."
    )
    combination: Combination = Field(
        "weighted",
        description="What decides which image is best: the weighted marks, their places within "
        "the set, or their standard scores.",
    )
    score_weights: Weights = Field(
        {},
        description="Weight of each scorer. By default pickscore 0.50, clipscore 0.25, vqascore "
        "0.15, aesthetic 0.10; other scorers weigh alike where none of these is there.",
    )
    criteria_weights: Weights = Field(
        CRITERIA_WEIGHTS,
        description=f"Weight of each of {', '.join(CRITERIA)} in a prompt's score. With some set, "
        "the others weigh nothing; an empty mapping weighs all alike.",
    )
    reference_mode: Literal["first_scene", "condition"] = Field(
        "first_scene",
        description="What a reference_image is: the image of scene 1, or what scene 1 is "
        "generated from.",
    )
    reference_strategy: Literal["chain", "anchor", "sheet"] = Field(
        "chain",
        description="What a scene follows: the image before it, scene 1 and the one before it, "
        "or the one before it and a contact sheet of the last ones.",
    )
    num_scenes: int | None = Field(
        None,
        ge=1,
        le=MAX_SCENES,
        description="Scenes that a brief is split into; by default by its duration.",
    )
    seconds_per_scene: float | None = Field(
        None,
        gt=0,
        le=3600,
        description="Seconds of a brief's duration for each of its scenes. By default it grows "
        "with the duration: 3.75 of 15 seconds, 6 of 60, and each scene has 3 to 7.",
    )
    subjects: bool = Field(
        True,
        description="Name the people and things that scenes show, so that each looks the same in "
        "all of them and no image follows one of somebody else.",
    )
    width: int = Field(1024, ge=MIN_SIDE, le=MAX_SIDE, description="Width in pixels.")
    height: int = Field(576, ge=MIN_SIDE, le=MAX_SIDE, description="Height in pixels.")
    animatic: bool = Field(
        True, description="Make a film of the images, each for the time of its scene."
    )
    fps: int = Field(24, ge=8, le=60, description="Frames per second of the film of the clips.")
    steer_clips: bool = Field(
        True,
        description="Whether a clip ends with the image of the next scene, if its model takes a "
        "last image and that shows nobody else.",
    )
    trace_cleanup: bool = Field(
        False,
        description="Remove the traces of a storyboard that is done from its folder; the store "
        "keeps them.",
    )

    @model_validator(mode="before")
    @classmethod
    def _filled_from_preset(cls, data: Any) -> Any:
        """Fill unset values from the preset, so that a stored batch keeps the numbers."""
        if not isinstance(data, dict):
            return data
        preset = PRESETS.get(str(data.get("preset", "balanced")), {})
        former = FORMER if _is_of_version_1(data) else {}
        values = {name: value for name, value in data.items() if value is not None}
        return {**preset, **former, **values}

    @field_validator("score_weights", "criteria_weights")
    @classmethod
    def _usable(cls, weights: dict[str, float]) -> dict[str, float]:
        for name, weight in weights.items():
            if not 0 <= weight <= MAX_WEIGHT:  # nor is NaN
                raise ValueError(f"the weight of {name[:40]} must be a number from 0 to 1000000")
        if weights and not any(weights.values()):
            raise ValueError("one weight at least must be more than 0")
        return weights

    @field_validator("criteria_weights")
    @classmethod
    def _known_criteria(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if name not in CRITERIA:
                raise ValueError(f"{name[:40]} is none of {', '.join(CRITERIA)}")
        return weights

    @property
    def variations(self) -> int:
        """Images of each scene."""
        return int(self.num_variations or 1)

    @property
    def rounds(self) -> int:
        """Rounds of writing a scene's prompt at most."""
        return self.max_enhancement_iterations or 0

    @property
    def threshold(self) -> float:
        """Quality score that a scene's best image should have."""
        return self.quality_threshold or 0.0

    @property
    def most_regenerations(self) -> int:
        """Further sets of images of a scene at most."""
        return self.max_regenerations if self.below_threshold == "regenerate" else 0

    @property
    def weights_of_criteria(self) -> tuple[float, ...]:
        """Weight of each criterion, in the order of `CRITERIA`."""
        if not self.criteria_weights:
            return (1.0,) * len(CRITERIA)
        return tuple(self.criteria_weights.get(name, 0.0) for name in CRITERIA)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the scorers to use; empty for all that the backend has."""
        return tuple(name for name, weight in self.score_weights.items() if weight > 0)
