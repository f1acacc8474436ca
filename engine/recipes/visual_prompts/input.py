"""Entries of a batch for the recipe `visual-prompts`: one sample of sound each."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from engine.contract.backend import Artifact, FrozenModel
from engine.contract.fields import Name, Seed, TextLength
from engine.contract.recipe_input import RecipeInput


class VisualPromptsInput(RecipeInput):
    """One sample: a place in a dataset, or a file of its own.

    Its names come from outside and are only shown; the sample's number is what tells it apart.
    """

    id: Name | None = Field(
        default=None,
        description="Names the sample and the folder of its results; unique in its batch.",
        examples=["sample_000"],
    )
    index: Annotated[int, Field(ge=0, lt=10**6)] | None = Field(
        default=None, description="Its place in the dataset, from 0."
    )
    dataset: Annotated[str, TextLength(0, 4096)] = Field(
        default="", description="The `.npy` or `.npz` file, relative to the input's folder."
    )
    audio: Annotated[str, TextLength(0, 4096)] = Field(
        default="",
        description="A file of sound, relative to the input's folder.",
        examples=["songs/rain.flac"],
    )
    metadata: dict[str, Any] = Field(
        default_factory=dict, description="What is known of it; exported as it is."
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
    )

    @model_validator(mode="after")
    def _has_a_sound(self) -> "VisualPromptsInput":
        if bool(self.audio) == bool(self.dataset):
            raise ValueError("needs either 'audio', a file, or 'dataset' and 'index'")
        if self.dataset and self.index is None:
            raise ValueError("has a dataset but no 'index'")
        return self


class PreparedSample(FrozenModel):
    """Sound and metadata that the batch's first step has kept of a sample.

    Attributes:
        index: Its place in the batch's input, from 0.
        sound: The sound as a WAV file of 32-bit floats; None with a problem.
        sample_rate: Frames a second; 0 with a problem.
        metadata: The sample's metadata as plain data.
        problem: The reason that it has no sound, as the end of a sentence; empty if it has.
        warnings: What is doubtful of the sound.
    """

    index: int
    sound: Artifact | None = None
    sample_rate: int = 0
    metadata: dict[str, Any] = Field(default_factory=dict)
    problem: str = ""
    warnings: tuple[str, ...] = ()
