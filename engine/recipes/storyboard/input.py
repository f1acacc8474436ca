"""Entries of a batch for the recipe `storyboard`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from engine.contract.backend import FrozenModel
from engine.contract.fields import Name, NotBoolAsFloat, Seed, TextLength
from engine.contract.files import ImageFile
from engine.contract.recipe_input import RecipeInput
from engine.recipes.storyboard.film import Brand, Film, PlannedScene
from engine.recipes.storyboard.settings import MAX_SCENES
from engine.text.terminal import quoted

MAX_PHRASES = 50
LONGEST_SECONDS = 6 * 3600.0


def _colour(text: str) -> str:
    """A colour as `#rrggbb`, from that, `#rgb` or a name of CSS."""
    from PIL import ImageColor

    written = text.strip().lower()
    if not re.fullmatch("#[0-9a-f]{3}|#[0-9a-f]{6}|[a-z]{3,30}", written):
        raise ValueError(f"{quoted(text)} is no colour; write #rrggbb or a name such as teal")
    try:
        red, green, blue = ImageColor.getrgb(written)[:3]
    except ValueError:
        raise ValueError(f"{quoted(text)} is no colour; write #rrggbb or a name") from None
    return f"#{red:02x}{green:02x}{blue:02x}"


def _not_a_comment(value: Any) -> Any:
    if value is None:
        raise ValueError("is empty; put a colour in quotes, for in YAML # begins a comment")
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[str, TextLength(1, 20_000)]
Phrase = Annotated[str, TextLength(1, 500)]
Phrases = Annotated[tuple[Phrase, ...], BeforeValidator(_listed), Field(max_length=MAX_PHRASES)]
Colours = Annotated[
    tuple[
        Annotated[str, BeforeValidator(_not_a_comment), TextLength(1, 40), AfterValidator(_colour)],
        ...,
    ],
    BeforeValidator(_listed),
    Field(max_length=16),
]
Seconds = Annotated[float, NotBoolAsFloat, Field(gt=0, le=LONGEST_SECONDS)]


class _Entry(FrozenModel):
    """Base: a field that is null is an absent field, at every depth."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None}


class BrandInput(_Entry):
    """Requirements of a brand for every image."""

    name: Annotated[str, TextLength(0, 200)] = Field(
        "", description="Its name.", examples=["North Roast"]
    )
    colours: Colours = Field(
        (),
        description="Its colours, the most important first: `#rrggbb` or names. Also `colors`.",
        examples=[["#5b2e12", "cream"]],
    )
    use: Phrases = Field((), description="What should be seen.", examples=[["warm morning light"]])
    avoid: Phrases = Field((), description="What must not be seen.", examples=[["plastic cups"]])

    @model_validator(mode="before")
    @classmethod
    def _colours_by_either_name(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "colors" not in data:
            return data
        if "colours" in data:
            raise ValueError("has both 'colours' and 'colors'; keep one")
        return {("colours" if name == "colors" else name): v for name, v in data.items()}


class SceneInput(_Entry):
    """One scene of a storyboard."""

    prompt: Words = Field(
        description="What is to be seen.",
        examples=["Steam rises from a fresh cup on a wooden counter"],
    )
    id: Name | None = Field(None, description="Names the scene; unique in its storyboard.")
    duration: Seconds | None = Field(None, description="How long it lasts, in seconds.")
    notes: Annotated[str, TextLength(0, 5_000)] = Field(
        "", description="What else is to be kept in mind."
    )

    @property
    def planned(self) -> PlannedScene:
        """Return the scene as backends receive it."""
        return PlannedScene(prompt=self.prompt, duration=self.duration, notes=self.notes)


class StoryboardInput(_Entry, RecipeInput):
    """One storyboard: a brief, or scenes, and what belongs to all of them."""

    prompt: Annotated[str, TextLength(0, 20_000)] = Field(
        "",
        description="The brief: what the film is about. It is split into scenes where there are "
        "none.",
        examples=["A 15 second spot for a small coffee roastery, from bean to first sip"],
    )
    id: Name | None = Field(
        default=None,
        description="Names the storyboard and the folder of its results; unique in its file. "
        "Without one, it is taken from the entry's position and first words.",
        examples=["coffee"],
    )
    target_duration: Seconds | None = Field(
        None, description="Length of the whole in seconds.", examples=[15]
    )
    scenes: tuple[SceneInput, ...] = Field(
        (),
        max_length=MAX_SCENES,
        description=f"The scenes in order, at most {MAX_SCENES}.",
    )
    brand: BrandInput = Field(BrandInput(), description="What the brand asks of every image.")
    reference_image: ImageFile | None = Field(
        default=None,
        description="A PNG, JPEG or WebP file of at most 50 MiB: the image of scene 1, or what "
        "scene 1 is generated from (setting `reference_mode`); its path is relative to the folder "
        "of the input file.",
        examples=["references/counter.jpg"],
    )
    consistency: Phrases = Field(
        (),
        description="What stays the same from scene to scene, one short phrase each.",
        examples=[["the barista with the red headscarf", "a brass espresso machine"]],
    )
    seed: Seed = Field(
        default=None,
        description="Source of all randomness of this entry, 0 to 2**63 - 1; by default, and "
        "with -1, it derives from the batch's seed and the id.",
        examples=[11],
    )

    @model_validator(mode="after")
    def _has_something_to_show(self) -> "StoryboardInput":
        if not self.prompt and not self.scenes:
            raise ValueError("has neither a prompt nor scenes; it needs one of them")
        names = [scene.id for scene in self.scenes if scene.id is not None]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"has two scenes with the id {quoted(twice)}")
        return self

    @property
    def film(self) -> Film:
        """Return the common data of all scenes, as backends receive it."""
        return Film(
            brief=self.prompt,
            target_duration=self.target_duration,
            brand=Brand(**self.brand.model_dump()),
            consistency=self.consistency,
        )
