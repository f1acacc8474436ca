"""Outline of a film, small enough to be drawn at once: sections, shots, small images, energy."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_IMAGES = 64
"""Images of an outline, at most."""

MAX_IMAGE_CHARS = 60_000
"""Characters of one image as Base64, at most."""

Seconds = Annotated[float, Field(ge=0, le=36_000, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Word = Annotated[str, Field(max_length=60)]
Palette = Annotated[
    tuple[Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")], ...], Field(max_length=16)
]
Scope = Annotated[str, Field(max_length=120)]
Times = Annotated[tuple[Seconds, ...], Field(max_length=20_000)]
Levels = Annotated[tuple[Share, ...], Field(max_length=10_000)]


class Outlined(BaseModel):
    """Base of the parts of an outline."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OutlinedSection(Outlined):
    """A section of a film.

    Attributes:
        start: Time at which it starts, in seconds.
        end: Time at which it ends.
        label: Its name, for example `chorus_2`.
        palette: Its colours, the most important first.
        motion: Movement of the camera.
        source: Origin of its frames.
        scope: Scope of the job that decisions about it are in.
        prompt: Words of its images.
        effects: Amounts of its effects, in the notation of decisions.
    """

    start: Seconds
    end: Seconds
    label: Annotated[str, Field(max_length=200)]
    palette: Palette = ()
    motion: Word = ""
    source: Word = ""
    scope: Scope = ""
    prompt: Annotated[str, Field(max_length=2000)] = ""
    effects: Annotated[str, Field(max_length=300)] = ""


class OutlinedShot(Outlined):
    """A shot.

    Attributes:
        start: Time of the cut to it, in seconds.
        end: Time of the next cut.
        image: Index of its image; None without one.
        transition: Change from the shot before.
        scope: Scope of the job that decisions about its image are in.
    """

    start: Seconds
    end: Seconds
    image: Annotated[int, Field(ge=0)] | None = None
    transition: Word = ""
    scope: Scope = ""


class FilmOutline(Outlined):
    """Outline of a film.

    Attributes:
        seconds: Length.
        sections: Sections in order.
        shots: Shots in order.
        images: Small images as JPEG in Base64.
        energy: Energy of the song over time, 0 to 1, at equal distances.
        beats: Times of the song's beats.
        downbeats: Times of the first beats of bars.
    """

    seconds: Annotated[float, Field(gt=0, le=36_000)]
    sections: Annotated[tuple[OutlinedSection, ...], Field(min_length=1, max_length=2000)]
    shots: Annotated[tuple[OutlinedShot, ...], Field(min_length=1, max_length=20_000)]
    images: Annotated[
        tuple[Annotated[str, Field(max_length=MAX_IMAGE_CHARS)], ...], Field(max_length=MAX_IMAGES)
    ] = ()
    energy: Levels = ()
    beats: Times = ()
    downbeats: Times = ()

    @model_validator(mode="after")
    def _images_are_there(self) -> Self:
        if any(shot.image is not None and shot.image >= len(self.images) for shot in self.shots):
            raise ValueError("a shot has an image that the outline has not")
        return self
