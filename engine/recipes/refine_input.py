"""What an entry of a batch for the recipe `refine` may say."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from engine.capabilities.base import Plain
from engine.capabilities.files import PictureFile
from engine.capabilities.image import MAX_SIDE, MIN_SIDE

MAX_PROMPT = 200_000
"""The longest prompt, in characters; backends with a shorter limit say so when they are asked."""

_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character; take it out")
    return text


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"must be a whole number, and is {str(value).lower()}")  # noqa: TRY004
    return value


def _text(least: int, most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Prompt = Annotated[str, _text(1, MAX_PROMPT), AfterValidator(_no_nul)]
Phrase = Annotated[str, _text(0, 20_000), AfterValidator(_no_nul)]
Name = Annotated[str, _text(1, 200), AfterValidator(_no_nul)]
Seed = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, lt=2**63)]
Side = Annotated[int, BeforeValidator(_no_bool), Field(ge=MIN_SIDE, le=MAX_SIDE)]


class RefineInput(Plain):
    """One picture to make: what it shows, and what it must not."""

    prompt: Prompt = Field(
        description="What the picture shows; the main part of the prompt.",
        examples=["A lone lighthouse on a basalt cliff at dusk, long exposure of the sea"],
    )
    id: Name | None = Field(
        default=None,
        description="Names the entry and the folder of its results; unique in its file. Without "
        "one, it is made of the entry's position and first words.",
        examples=["lighthouse"],
    )
    title: Phrase = Field(
        default="",
        description="What the picture is called; it opens the full prompt.",
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
    negative_prompt: Phrase = Field(
        default="",
        description="What to keep out of the picture.",
        examples=["people, text, watermark"],
    )
    seed: Seed | None = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default it "
        "derives from the batch's seed and the id.",
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
    reference_image: PictureFile | None = Field(
        default=None,
        description="A PNG, JPEG or WebP file of at most 50 MiB whose palette and layout to "
        "follow; its path is relative to the folder of the input file.",
        examples=["references/coast.jpg"],
    )

    @property
    def full_prompt(self) -> str:
        """Title, scene, mood and main prompt as sentences, without those that are absent."""
        opening = [_sentence(part) for part in (self.title, self.scene, self.mood) if part]
        return " ".join([*opening, self.prompt])


def _sentence(part: str) -> str:
    """A part that ends like a sentence, whatever it ended in."""
    part = part.rstrip(",;: \t\r\n")
    return part if part.endswith(_SENTENCE_ENDS) else f"{part}."
