"""Entries of a batch for the recipe `visual-prompts`: one sample of sound each."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from engine.contract.fields import Name, NotBool, Seed, TextLength
from engine.contract.files import SoundFile
from engine.contract.recipe_input import RecipeInput

MAX_INDEX = 10**7
"""Samples of one data set, at most."""

Sentence = Annotated[str, TextLength(0, 2000)]


class VisualPromptsInput(RecipeInput):
    """One sample of sound.

    Its names come from outside and are only shown; the number of the sample identifies it.
    """

    id: Name | None = Field(
        default=None,
        description="Names the sample and the folder of its results; unique in its batch.",
        examples=["sample_000"],
    )
    index: Annotated[int, Field(ge=0, lt=MAX_INDEX), NotBool] | None = Field(
        default=None, description="Number of the sample in its data set, from 0."
    )
    sound: SoundFile | None = Field(
        default=None,
        description="A sound file (WAV, FLAC, MP3, OGG, M4A, ...) of at most 1 GiB; its path is "
        "relative to the folder of the input file.",
        examples=["songs/rain.flac"],
    )
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="Known facts of the sample, such as artist_name; exported as they are.",
    )
    problem: Sentence = Field(
        default="",
        description="Reason why the sample has no sound, as the end of a sentence; its job fails.",
    )
    notes: tuple[Sentence, ...] = Field(
        default=(), description="Doubts about the sample, as sentences; its job warns of them."
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
    )

    @model_validator(mode="after")
    def _has_a_sound(self) -> Self:
        if self.sound is None and not self.problem:
            raise ValueError("has no 'sound'; name a sound file")
        return self
