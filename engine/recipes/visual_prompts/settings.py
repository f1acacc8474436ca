"""Settings of the recipe `visual-prompts`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import Field, model_validator

from engine.contract.backend_names import BackendNames
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.recipe import RecipeSettings
from engine.recipes.visual_prompts.agents.writer import Mode

MAX_PROMPTS = 20
"""Maximum number of prompts of one mode."""


@dataclass(frozen=True, slots=True)
class PlannedPrompt:
    """A prompt of a sample that is to be written.

    Attributes:
        number: Number within the sample, from 0.
        mode: Mode.
        temperature: Temperature that the writer asks for.
    """

    number: int
    mode: Mode
    temperature: float


class VisualPromptsSettings(RecipeSettings):
    """Settings of the recipe `visual-prompts`."""

    text: BackendNames = Field("builtin", description="Backend that writes prompts, or several.")
    embedding: BackendNames = Field(
        "builtin", description="Backend that embeds prompts for their creativity, or several."
    )
    image: BackendNames = Field(
        "builtin", description="Backend that generates images, or several; asked with images only."
    )
    score: BackendNames = Field(
        "builtin", description="Backend that scores images, or several; asked with images only."
    )
    convergent: int = Field(
        3, ge=0, le=MAX_PROMPTS, description="Prompts per sample that describe the expected scene."
    )
    divergent: int = Field(
        2, ge=0, le=MAX_PROMPTS, description="Prompts per sample that describe an unexpected scene."
    )
    convergent_temperature: float = Field(
        0.4, ge=0, le=2, description="Temperature of convergent prompts."
    )
    divergent_temperature: float = Field(
        0.8, ge=0, le=2, description="Temperature of divergent prompts."
    )
    samples: int | None = Field(None, ge=1, description="Maximum number of samples.")
    start_idx: int = Field(0, ge=0, description="Number of the first sample, from 0.")
    sample_rate: int = Field(
        16000,
        ge=4000,
        le=384000,
        description="Sample rate in Hz of data sets that do not state theirs.",
    )
    listen: bool = Field(
        False, description="Send the sound itself to the writer, for models that hear."
    )
    mel_spectrogram: bool = Field(False, description="Write a mel spectrogram of each sample.")
    images: bool = Field(False, description="Generate an image of each prompt, and score it.")
    width: int = Field(768, ge=MIN_SIDE, le=MAX_SIDE, description="Width of the images in pixels.")
    height: int = Field(
        768, ge=MIN_SIDE, le=MAX_SIDE, description="Height of the images in pixels."
    )

    @model_validator(mode="after")
    def _has_prompts(self) -> Self:
        if not self.convergent + self.divergent:
            raise ValueError("convergent and divergent are both 0; set one to 1 or more")
        return self

    @property
    def prompts(self) -> int:
        """Prompts of each sample."""
        return self.convergent + self.divergent

    def plan(self) -> Iterator[PlannedPrompt]:
        """Yield the prompts of a sample, the convergent ones first."""
        for number in range(self.convergent):
            yield PlannedPrompt(number, "convergent", self.convergent_temperature)
        for number in range(self.convergent, self.prompts):
            yield PlannedPrompt(number, "divergent", self.divergent_temperature)
