"""Settings of the recipe `music-video`."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from engine.contract.backend_names import BackendNames, OptionalBackend
from engine.contract.recipe import GatedSettings
from engine.recipes.music_video.fields import FrameRate, LongText, Share
from engine.recipes.music_video.spec import ExportSettings
from engine.recipes.music_video.templates import DEFAULT_TEMPLATE, TEMPLATES, Template
from engine.recipes.music_video.vocabulary import (
    ASPECTS,
    EXPORTS,
    Aspect,
    Export,
    Quality,
    Source,
    unknown,
)

NEGATIVE = "text, watermark, logo, signature, blurry, low quality, borders, frame"
"""Words that images are kept free of by default."""

PEOPLE = "faces, people"
"""Further ones without people."""

QUALITY_WORDS = "high quality, detailed, cinematic lighting"
"""Words that every prompt of an image ends with by default."""

Side = Annotated[int, Field(ge=64, le=4096, multiple_of=2)]

_SHORT_SIDES = {"16:9": 1080, "9:16": 1080, "1:1": 1080}


class MusicVideoSettings(GatedSettings):
    """Settings of the recipe `music-video`."""

    text: BackendNames = Field("builtin", description="Backend that plans the film, or several.")
    image: BackendNames = Field(
        "builtin",
        description="Backend that generates keyframes, or several: the next if one fails.",
    )
    score: OptionalBackend = Field(
        None, description="Backend that scores candidates of keyframes; none by default."
    )
    video: OptionalBackend = Field(
        None, description="Backend that generates clips for sections; none by default."
    )
    tier: Source | None = Field(
        None,
        description="Source of all sections: `keyframes` (images that move), `procedural` or "
        "`video`. By default as the plan has it, and clips if `video` names a backend.",
    )
    steer_clips: bool = Field(
        True,
        description="Whether a clip ends with the keyframe that follows, if its model takes a last "
        "image.",
    )
    template: str = Field(DEFAULT_TEMPLATE, description="Style to start from, by its name.")
    templates: dict[str, Template] = Field(
        default_factory=dict, description="Templates of your own, by name."
    )
    style: LongText = Field("", description="Words for the style of all images, besides it.")
    export: Export = Field(
        "custom", description="Size and frame rate of a platform; explicit settings win."
    )
    aspect: Aspect = Field("16:9", description="Shape, if neither export nor size has one.")
    width: Side | None = Field(None, description="Width in pixels; by default that of the export.")
    height: Side | None = Field(
        None, description="Height in pixels; by default that of the export."
    )
    fps: FrameRate | None = Field(
        None, description="Frames per second; by default those of the export, 30 without one."
    )
    quality: Quality = Field("standard", description="Effort of the encoder and size of the file.")
    codec: Literal["h264", "av1", "prores", "ffv1"] = Field(
        "h264", description="Codec of the film; `prores` and `ffv1` are for editing."
    )
    keyframes: int = Field(
        2, ge=1, le=4, description="Images of each section that is not a repeat."
    )
    max_keyframes: int = Field(24, ge=1, le=200, description="Maximum number of images of a film.")
    candidates: int = Field(1, ge=1, le=8, description="Candidates of each image.")
    reference: Literal["auto", "none", "section", "previous"] = Field(
        "auto",
        description="Image that a keyframe follows if its backend takes one: none, the first of "
        "its section, or the one before it. By default the first of its section, and none if the "
        "backend follows layouts and not subjects.",
    )
    control: Literal["none", "section", "previous", "image"] = Field(
        "none",
        description="Image whose layout a keyframe has if its backend takes one (a ControlNet): "
        "the first of its section, the one before it, or the entry's `control_image`.",
    )
    keyframe_side: int = Field(
        1536, ge=256, le=4096, description="Longer side of the images that are generated."
    )
    negative: LongText = Field(NEGATIVE, description="Words that images are kept free of.")
    people: bool = Field(True, description="Whether people may be in the images.")
    quality_words: LongText = Field(
        QUALITY_WORDS, description="Words that every prompt of an image ends with."
    )
    palette_strength: Share = Field(
        0.9, description="Pull of images to the palette of their section, 0 (none) to 1."
    )
    effects: Share = Field(1.0, description="Amount of all effects, 0 (none) to 1.")
    lyrics: bool = Field(True, description="Whether lyrics are shown if the entry has them.")
    hear_words: bool = Field(
        False,
        description="Hear the words of the song for the times of its lyrics, with faster-whisper, "
        "which is installed apart.",
    )
    cut_bars: int | None = Field(
        None, ge=1, le=32, description="Bars between cuts; by default by the energy of a section."
    )
    segment_seconds: float = Field(
        4.0, ge=1, le=30, description="Length of the parts that are rendered at a time."
    )
    preview: bool = Field(True, description="Render a small film first.")
    fallback_when_blocked: bool = Field(
        False,
        description="Use procedural visuals if a key, a quota or a budget is missing, in place of "
        "waiting for it.",
    )

    @model_validator(mode="after")
    def _template_is_known(self) -> Self:
        known = self.all_templates()
        if self.template not in known:
            raise ValueError(f"template {unknown(self.template, tuple(known))}")
        return self

    def all_templates(self) -> Mapping[str, Template]:
        """Return the templates by name; those of the settings win."""
        return {**TEMPLATES, **self.templates}

    def negative_words(self) -> str:
        """Return the words that images are kept free of."""
        return ", ".join(filter(None, [self.negative, "" if self.people else PEOPLE]))

    def exported(self, base: ExportSettings | None = None) -> ExportSettings:
        """Return the size, the frame rate and the quality of the film.

        Args:
            base: Those of a render spec to start from; they hold where nothing is set.
        """
        width, height, fps = self._size(base)
        shape = next((name for name, (w, h) in ASPECTS.items() if width * h == height * w), None)
        quality = base.quality if base and "quality" not in self.model_fields_set else self.quality
        return ExportSettings.model_validate(
            {
                "resolution": (width, height),
                "fps": fps,
                "aspect_ratio": shape or "custom",
                "quality": quality,
            }
        )

    def _size(self, base: ExportSettings | None) -> tuple[int, int, int]:
        wide, high = ASPECTS[self.aspect]
        short = 1080
        size = (_even(short * max(1.0, wide / high)), _even(short * max(1.0, high / wide)), 30)
        if base is not None and "aspect" not in self.model_fields_set:
            size = (*base.resolution, base.fps)
        size = EXPORTS.get(self.export, size)
        width, height = self._sides(size[0] / size[1], size[0], size[1])
        return width, height, self.fps or size[2]

    def _sides(self, shape: float, width: int, height: int) -> tuple[int, int]:
        """Return the sides: one that is not set follows from the shape."""
        if self.width and self.height:
            return self.width, self.height
        if self.width:
            return self.width, _even(self.width / shape)
        if self.height:
            return _even(self.height * shape), self.height
        return width, height


def _even(length: float) -> int:
    return max(64, round(length / 2) * 2)
