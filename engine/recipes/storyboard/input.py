"""Entries of a batch for the recipe `storyboard`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from engine.contract.backend import FrozenModel
from engine.contract.fields import Name, NotBoolAsFloat, Seed, TextLength
from engine.contract.files import ImageFile
from engine.contract.job import Job
from engine.contract.recipe_input import RecipeInput
from engine.recipes.storyboard.film import Brand, Film, PlannedScene, Subject, SubjectKind, key_of
from engine.recipes.storyboard.guide_names import adopted
from engine.recipes.storyboard.settings import (
    MAX_ROUNDS,
    MAX_SCENES,
    MAX_VARIATIONS,
    PRESETS,
    StoryboardSettings,
)
from engine.text.terminal import quoted

MAX_PHRASES = 50
MAX_SUBJECTS, MAX_REFERENCES = 24, 8
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


def _without_comma(name: str) -> str:
    if "," in name:
        raise ValueError("has a comma, which stands between names")
    return name


Words = Annotated[str, TextLength(1, 20_000)]
Phrase = Annotated[str, TextLength(1, 500)]
SubjectName = Annotated[str, TextLength(1, 80), AfterValidator(_without_comma)]
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


class SubjectInput(_Entry):
    """Somebody or something that looks the same in every scene that shows it."""

    name: SubjectName = Field(
        description="Its name, as the scenes use it; unique in its storyboard.", examples=["Mara"]
    )
    kind: SubjectKind = Field("object", description="Sort of subject.")
    description: Annotated[str, TextLength(0, 1_000)] = Field(
        "",
        description="Its looks, which the prompt of every scene that shows it repeats word for "
        "word.",
        examples=["a woman of about 40 with short grey hair and a red headscarf"],
    )
    references: Annotated[tuple[ImageFile, ...], BeforeValidator(_listed)] = Field(
        (),
        max_length=MAX_REFERENCES,
        description="Images of it, the best first, for image backends that follow subjects.",
        examples=[["mara.png"]],
    )


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

    subjects: Annotated[tuple[SubjectName, ...], BeforeValidator(_listed)] | None = Field(
        None,
        max_length=MAX_SUBJECTS,
        description="Names of the storyboard's subjects that it shows; by default those that its "
        "words name.",
        examples=[["Mara"]],
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
    subjects: tuple[SubjectInput, ...] = Field(
        (),
        max_length=MAX_SUBJECTS,
        description="People and things that look the same in every scene that shows them. A brief "
        "that is split into scenes gets further ones.",
    )
    consistency: Phrases = Field(
        (),
        description="What stays the same from scene to scene, one short phrase each.",
        examples=[["the barista with the red headscarf", "a brass espresso machine"]],
    )
    advanced: bool | None = Field(
        None,
        description="False for one image of each scene from its own words, as with the preset "
        "`simple`. Also `use_advanced_image_generation`.",
    )
    num_variations: Annotated[int, Field(ge=1, le=MAX_VARIATIONS)] | None = Field(
        None,
        description="Images of each scene, in place of the setting. Also "
        "`advanced_image_num_variations`, as in the next two.",
        examples=[4],
    )
    max_enhancement_iterations: Annotated[int, Field(ge=0, le=MAX_ROUNDS)] | None = Field(
        None, description="Rounds of writing a scene's prompt at most, in place of the setting."
    )
    quality_threshold: Annotated[float, NotBoolAsFloat, Field(ge=0, le=100)] | None = Field(
        None, description="Quality that an image should have, in place of the setting."
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

    @model_validator(mode="after")
    def _names_its_subjects(self) -> "StoryboardInput":
        keys = [key_of(one.name) for one in self.subjects]
        for one, key in zip(self.subjects, keys, strict=True):
            if keys.count(key) > 1:
                raise ValueError(f"has two subjects with the name {quoted(one.name)}")
        for number, scene in enumerate(self.scenes, 1):
            for name in scene.subjects or ():
                if key_of(name) not in keys:
                    raise ValueError(
                        f"has no subject {quoted(name)}, which scene {number} names; add it to "
                        "`subjects`"
                    )
        return self

    @classmethod
    def adopted(cls, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an entry with the names of this model's fields, also if it has other ones."""
        return adopted(super().adopted(entry))

    def over(self, settings: StoryboardSettings) -> StoryboardSettings:
        """Return the settings that this entry runs with: its own ones come first."""
        values = {
            name: value
            for name in ("num_variations", "max_enhancement_iterations", "quality_threshold")
            if (value := getattr(self, name)) is not None
        }
        plain = PRESETS["simple"] if self.advanced is False else {}
        return settings.model_copy(update={**plain, **values}) if plain or values else settings

    @property
    def film(self) -> Film:
        """Return the common data of all scenes, as backends receive it."""
        return Film(
            brief=self.prompt,
            target_duration=self.target_duration,
            brand=Brand(**self.brand.model_dump()),
            consistency=self.consistency,
            subjects=tuple(
                Subject(name=one.name, kind=one.kind, description=one.description)
                for one in self.subjects
            ),
        )


StoryboardJob = Job[StoryboardInput, StoryboardSettings]
"""A job of this recipe."""


def settings_of(job: StoryboardJob) -> StoryboardSettings:
    """Return the settings that a job runs with: those of its entry over those of its batch."""
    return job.input.over(job.settings)
