"""Entries of a batch for the recipe `sound-effect`."""

from typing import Annotated

from pydantic import Field

from engine.contract.fields import Name, NotBoolAsFloat, Seed, TextLength
from engine.contract.files import EventsFile, HrtfFile, SoundFile
from engine.contract.recipe_input import RecipeInput

MAX_PROMPT = 2000
"""Characters of a prompt; models of sounds read far less."""

MAX_SECONDS = 120.0
"""Length of a sound effect in seconds, at most; models with a lower limit name theirs."""

Seconds = Annotated[float, NotBoolAsFloat, Field(gt=0, le=MAX_SECONDS)]


class SoundEffectInput(RecipeInput):
    """One sound effect to generate."""

    id: Name | None = Field(
        default=None,
        description="Names the entry and the folder of its results; unique in its file. Without "
        "one, it is taken from the entry's position and first words.",
        examples=["boots"],
    )
    prompt: Annotated[str, TextLength(1, MAX_PROMPT)] = Field(
        description="Words for the sound: its source, surface, pace, number and place.",
        examples=["heavy boots walking on marble floor"],
    )
    negative_prompt: Annotated[str, TextLength(0, MAX_PROMPT)] = Field(
        default="",
        description="Sounds that are not wanted, for backends that use it.",
        examples=["music, voices"],
    )
    audio_length: Seconds | None = Field(
        default=None,
        description="Length in seconds; by default the recipe's setting.",
        examples=[6.0],
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
        examples=[11],
    )

    init_audio: SoundFile | None = Field(
        default=None,
        description="Sound to start from, for backends that can: any sound file, or a `.npz` with "
        "`audio` and `sample_rate`.",
        examples=["rough-take.wav"],
    )
    init_noise: Annotated[float, NotBoolAsFloat, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="Noise added to `init_audio`, 0 (unchanged) to 1 (nothing of it is left); by "
        "default 0.5.",
        examples=[0.7],
    )
    events: EventsFile | None = Field(
        default=None,
        description="Steps of a film, as a detector has seen them: JSON with `timestamp`, "
        "`foot_side`, `x_position` and `hip_heel_pixel_distance`. Steps of the sound are laid on "
        "them.",
        examples=["events.json"],
    )
    hrtf: HrtfFile | None = Field(
        default=None,
        description="SOFA file with the responses of a head, for headphones; by default the steps "
        "are laid for loudspeakers.",
        examples=["head.sofa"],
    )

    def starting_prompt(self) -> tuple[str, str]:
        """Return the prompt and the negative prompt."""
        return self.prompt, self.negative_prompt
