"""The render spec: the plan of a film as a document, in camelCase; snake_case is read as well."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from engine.recipes.music_video.fields import (
    Colour,
    FrameRate,
    KnownMotion,
    KnownTransition,
    KnownVisual,
    LongText,
    Seconds,
    Share,
    Words,
)
from engine.recipes.music_video.vocabulary import (
    DEFAULT_MOTION,
    DEFAULT_PALETTE,
    DEFAULT_TRANSITION,
    Aspect,
    Quality,
    Source,
)

MAX_SECTIONS = 200
"""Sections of one film, at most."""

MAX_COLOURS = 8
"""Colours of a palette, at most."""

Palette = Annotated[tuple[Colour, ...], Field(min_length=1, max_length=MAX_COLOURS)]


class SpecModel(BaseModel):
    """Base of the parts of a render spec: frozen, read by both spellings, written in camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
    )


class LyricsDisplay(SpecModel):
    """Lyrics in the film.

    Attributes:
        enabled: True to show them.
        font: Name of a font. It and the rest are kept for other programs that read the document.
        size: Size of the letters.
        animation: Way that words appear.
        color: Colour of the letters.
        shadow: True for a shadow behind them.
    """

    enabled: bool = False
    font: Words = "sans"
    size: Words | float = "medium"
    animation: Words = "fade"
    color: Colour = "#FFFFFF"
    shadow: bool = True


class GlobalStyle(SpecModel):
    """Style of the whole film.

    Attributes:
        template: Name of the template it began with.
        shader_description: Words for the style of all images.
        style_modifiers: Further words for it.
        recurring_motifs: Things that return through the film.
        lyrics_display: Lyrics in the film.
    """

    template: Words = ""
    shader_description: LongText = ""
    style_modifiers: tuple[Words, ...] = Field((), max_length=24)
    recurring_motifs: tuple[Words, ...] = Field((), max_length=24)
    lyrics_display: LyricsDisplay = LyricsDisplay()


class SectionSpec(SpecModel):
    """One section of the film.

    Attributes:
        label: Its name; two sections may have the same.
        start_time: Start in seconds.
        end_time: End in seconds.
        theme: Theme of its images in a few words.
        mood: Mood in a few words.
        energy: 0 (calm) to 1.
        color_palette: Colours of its images.
        motion_style: Motion.
        intensity: Strength of the effects, 0 to 1.
        ai_prompt: Words of its first image; empty to have them written.
        keyframe_prompts: Words of its further images.
        transition_in: Transition into it.
        transition_out: Transition out of it; the next section's own wins, unless it has the
            default.
        visual_elements: Things in its images.
        source: Images that move, procedural visuals, or generated clips.
        visual: Procedural visual, for a section without images.
        keyframe_url: Read for the sake of other programs' documents; nothing is fetched.
    """

    label: Words
    start_time: Seconds
    end_time: Seconds
    theme: Words = ""
    mood: Words = ""
    energy: Share = 0.5
    color_palette: Palette = DEFAULT_PALETTE
    motion_style: KnownMotion = DEFAULT_MOTION
    intensity: Share = 0.5
    ai_prompt: LongText = ""
    keyframe_prompts: tuple[LongText, ...] = Field((), max_length=8)
    transition_in: KnownTransition = DEFAULT_TRANSITION
    transition_out: KnownTransition = DEFAULT_TRANSITION
    visual_elements: tuple[Words, ...] = Field((), max_length=24)
    source: Source = "keyframes"
    visual: KnownVisual = "flow"
    keyframe_url: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_time <= self.start_time:
            raise ValueError(f"section {self.label!r} ends before it starts")
        return self


class ExportSettings(SpecModel):
    """Size and format of the film.

    Attributes:
        resolution: Width and height in pixels, both even.
        fps: Frames per second.
        aspect_ratio: Shape.
        format: Container.
        quality: Effort and bit rate.
    """

    resolution: tuple[
        Annotated[int, Field(ge=64, le=4096, multiple_of=2)],
        Annotated[int, Field(ge=64, le=4096, multiple_of=2)],
    ] = (1920, 1080)
    fps: FrameRate = 30
    aspect_ratio: Aspect | Literal["custom"] = "16:9"
    format: Literal["mp4", "mov", "mkv"] = "mp4"
    quality: Quality = "standard"


class RenderSpec(SpecModel):
    """The plan of a film.

    Attributes:
        global_style: Style of the whole.
        sections: Its sections in order.
        export_settings: Size and format.
    """

    global_style: GlobalStyle = GlobalStyle()
    sections: tuple[SectionSpec, ...] = Field((), max_length=MAX_SECTIONS)
    export_settings: ExportSettings = ExportSettings()

    def document(self) -> dict[str, Any]:
        """Return it as plain data with the names of the document."""
        return self.model_dump(mode="json", by_alias=True)


def fitted(sections: Sequence[SectionSpec], seconds: float) -> tuple[SectionSpec, ...]:
    """Return sections that cover a song without gaps or overlaps, in order.

    A section ends where the next one starts, the first one starts at 0 and the last one ends with
    the song. Sections that start after its end are left out.

    Args:
        sections: The sections.
        seconds: Length of the song.
    """
    inside = sorted(
        (one for one in sections if one.start_time < seconds), key=lambda one: one.start_time
    )
    if not inside:
        return ()
    starts = [0.0, *(one.start_time for one in inside[1:]), seconds]
    return tuple(
        section.model_copy(update={"start_time": start, "end_time": end})
        for section, start, end in zip(inside, starts[:-1], starts[1:], strict=True)
        if end > start
    )
