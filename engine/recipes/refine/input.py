"""Entries of a batch for the recipe `refine`."""

from typing import Annotated

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from engine.contract.fields import Name, NotBool, Seed, TextLength
from engine.contract.files import ImageFile
from engine.contract.image import MAX_SIDE, MIN_SIDE
from engine.contract.recipe_input import RecipeInput

MAX_PROMPT = 200_000
"""The longest prompt, in characters; backends with a shorter limit say so when they are asked."""

_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")


Prompt = Annotated[str, TextLength(0, MAX_PROMPT)]
Phrase = Annotated[str, TextLength(0, 20_000)]
Side = Annotated[int, NotBool, Field(ge=MIN_SIDE, le=MAX_SIDE)]


class RefineInput(RecipeInput):
    """One image to make: what it shows, and what it must not."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [{"required": [name]} for name in ("prompt", "title", "scene", "mood")]
        }
    )

    id: Name | None = Field(
        default=None,
        description="Names the entry and the folder of its results; unique in its file. Without "
        "one, it is taken from the entry's position and first words.",
        examples=["lighthouse"],
    )
    title: Phrase = Field(
        default="",
        description="What the image is called; it opens the full prompt.",
        examples=["Last light"],
    )
    scene: Phrase = Field(
        default="",
        description="Where and when it plays; it follows the title.",
        examples=["A rocky coast in November"],
    )
    mood: Phrase = Field(
        default="",
        description="The feeling it should give; it follows the scene.",
        examples=["calm, melancholic"],
    )
    prompt: Prompt = Field(
        default="",
        validate_default=True,
        description="What the image shows; the main part of the prompt. Title, scene or mood "
        "are enough without it.",
        examples=["A lone lighthouse on a basalt cliff at dusk, long exposure of the sea"],
    )
    negative_prompt: Phrase = Field(
        default="",
        description="What to keep out of the image.",
        examples=["people, text, watermark"],
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
        examples=[11],
    )
    width: Side | None = Field(
        default=None,
        description="Width in pixels, 64 to 4096; by default the recipe's setting.",
        examples=[1024],
    )
    height: Side | None = Field(
        default=None,
        description="Height in pixels, 64 to 4096; by default the recipe's setting.",
        examples=[768],
    )
    reference_image: ImageFile | None = Field(
        default=None,
        description="A PNG, JPEG or WebP file of at most 50 MiB whose palette and layout to "
        "follow; its path is relative to the folder of the input file.",
        examples=["references/coast.jpg"],
    )

    @field_validator("prompt")
    @classmethod
    def _shows_something(cls, prompt: str, info: ValidationInfo) -> str:
        opening = [info.data.get(name, "wrong") for name in ("title", "scene", "mood")]
        if not prompt and not any(opening):
            raise ValueError("is missing; give a prompt, or a title, scene or mood")
        return prompt

    def starting_prompt(self) -> tuple[str, str]:
        """Return the full prompt and the negative prompt."""
        return self.full_prompt, self.negative_prompt

    @property
    def full_prompt(self) -> str:
        """Title, scene, mood and main prompt as sentences, without those that are absent."""
        opening = [_sentence(part) for part in (self.title, self.scene, self.mood) if part]
        return " ".join([*opening, self.prompt]).strip()


def _sentence(part: str) -> str:
    """A part that ends like a sentence, with any previous ending replaced."""
    part = part.rstrip(",;: \t\r\n")
    return part if part.endswith(_SENTENCE_ENDS) else f"{part}."
