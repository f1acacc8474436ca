"""Capability `video`: a clip from a prompt, from images or from another clip."""

import math
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import Field

from engine.contract.backend import (
    Artifact,
    Backend,
    BackendInfo,
    Call,
    CallContext,
    PromptedRequest,
    Result,
)
from engine.contract.capability import Capability

MAX_SECONDS = 120.0
"""Length of a clip that an operator may ask for, in seconds."""

MIN_SIDE, MAX_SIDE = 64, 4096
"""Sides of a clip in pixels that an operator may ask for."""

VideoField = Literal[
    "prompt",
    "negative_prompt",
    "seed",
    "first_image",
    "last_image",
    "references",
    "init_video",
    "motion",
    "schedules",
    "steps",
    "guidance",
    "sound",
]
"""Field of a request that not every backend uses."""


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """Legal numbers of frames of a model: `offset + n * step`, for example 8n + 1.

    Attributes:
        step: Difference between one legal number and the next.
        offset: Remainder of a legal number.
        least: Minimum number of frames.
        most: Maximum number of frames.
    """

    step: int = 1
    offset: int = 0
    least: int = 1
    most: int = 100_000

    def within(self, frames: float) -> int:
        """Return the greatest legal number up to a number of frames, or the least legal one."""
        wanted = min(math.floor(frames + 1e-9), self.most)
        found = wanted - (wanted - self.offset) % self.step
        return found if found >= self.least else self.at_least(self.least)

    def at_least(self, frames: float) -> int:
        """Return the least legal number from a number of frames up, or the greatest legal one."""
        wanted = max(math.ceil(frames - 1e-9), self.least)
        found = wanted + (self.offset - wanted) % self.step
        return found if found <= self.most else self.most - (self.most - self.offset) % self.step


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo(BackendInfo):
    """Description of a video backend.

    Attributes:
        frame_rates: Frame rates it generates at, the default first.
        frames: Legal numbers of frames.
        lengths: The only lengths it generates, in seconds, ascending; empty for those of `frames`.
        sizes: The only sizes it generates, width and height; empty for all multiples of
            `side_step`.
        side_step: Both sides have to be multiples of this number of pixels.
        max_references: Maximum number of reference images in one request.
        takes: Optional fields of a request that it uses; it ignores the others.
    """

    capability: str = "video"
    frame_rates: tuple[float, ...] = (24.0,)
    frames: FrameCounts = FrameCounts()
    lengths: tuple[float, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    side_step: int = 1
    max_references: int = 0
    takes: frozenset[VideoField] = frozenset({"prompt"})

    def frame_rate(self, wanted: float | None = None) -> float:
        """Return the frame rate nearest to the one wanted; the default if none is."""
        if wanted is None:
            return self.frame_rates[0]
        return min(self.frame_rates, key=lambda rate: abs(rate - wanted))

    def longest_within(self, seconds: float, frame_rate: float | None = None) -> float:
        """Return the greatest legal length up to a number of seconds, or the least legal one."""
        if self.lengths:
            return max(
                (one for one in self.lengths if one <= seconds + 1e-9), default=self.lengths[0]
            )
        rate = self.frame_rate(frame_rate)
        return self.frames.within(seconds * rate) / rate

    def shortest_from(self, seconds: float, frame_rate: float | None = None) -> float:
        """Return the least legal length from a number of seconds up, or the greatest legal one."""
        if self.lengths:
            return min(
                (one for one in self.lengths if one >= seconds - 1e-9), default=self.lengths[-1]
            )
        rate = self.frame_rate(frame_rate)
        return self.frames.at_least(seconds * rate) / rate

    def nearest_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the legal size nearest to one: by shape, then by area."""
        if not self.sizes:
            step = self.side_step
            return (max(step, round(width / step) * step), max(step, round(height / step) * step))

        def distance(size: tuple[int, int]) -> tuple[float, float]:
            shape = abs(math.log((size[0] / size[1]) / (width / height)))
            return round(shape, 3), abs(math.log(size[0] * size[1] / (width * height)))

        return min(self.sizes, key=distance)


ScheduleText = Annotated[str, Field(max_length=200_000)]
"""Values by frame, for example `0:(1.0), 30:(1.02)`; a backend reads it."""


def _is_empty(value: Any) -> bool:
    return not value


class VideoRequest(PromptedRequest):
    """Request for one clip.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seconds: Length in seconds, a legal one of the model; see `VideoInfo.longest_within`.
        frame_rate: Frames per second; None for the backend's default.
        first_image: Image that the clip starts with.
        last_image: Image that the clip ends with.
        references: Images whose subjects or style the clip follows, the most important first.
        init_video: Clip to start from; None to start from noise.
        init_noise: Noise added to `init_video`, 0 (unchanged) to 1 (nothing of it is left).
        motion: Amount of motion, 0 (still) to 1; None for the backend's default.
        schedules: Values by frame in Deforum's grammar, by their names there (`zoom`, `angle`,
            `translation_x`, `strength_schedule`, ...), for backends that animate frame by frame.
            A field that came later: it is left out of the stored request if it is empty.
        steps: Number of denoising steps; None for the backend's default.
        guidance: Guidance scale (cfg); None for the backend's default.
        sound: True to generate sound with the clip, for models that can.
    """

    width: int = Field(ge=MIN_SIDE, le=MAX_SIDE)
    height: int = Field(ge=MIN_SIDE, le=MAX_SIDE)
    seconds: float = Field(gt=0, le=MAX_SECONDS)
    frame_rate: float | None = Field(None, ge=1, le=120)
    first_image: Artifact | None = None
    last_image: Artifact | None = None
    references: tuple[Artifact, ...] = ()
    init_video: Artifact | None = None
    init_noise: float = Field(0.5, ge=0, le=1)
    motion: float | None = Field(None, ge=0, le=1)
    schedules: Mapping[str, ScheduleText] = Field(default_factory=dict, exclude_if=_is_empty)
    steps: int | None = Field(None, ge=1, le=1000)
    guidance: float | None = Field(None, ge=0, le=100)
    sound: bool = False

    def suited_to(self, info: BackendInfo) -> Self:
        """Return the request for a fallback: a legal length and size, the images it follows.

        The length never grows unless the model has none that is as short. Steps and guidance mean
        something else for another model, so they are left to it.
        """
        if not isinstance(info, VideoInfo):
            return self
        width, height = info.nearest_size(self.width, self.height)
        changes: dict[str, Any] = {
            "width": width,
            "height": height,
            "seconds": info.longest_within(self.seconds, self.frame_rate),
            "frame_rate": None if self.frame_rate is None else info.frame_rate(self.frame_rate),
            "references": self.references[: info.max_references],
            "steps": None,
            "guidance": None,
        }
        for name in ("first_image", "last_image", "init_video"):
            if name not in info.takes:
                changes[name] = None
        if "schedules" not in info.takes:
            changes["schedules"] = {}
        return self.model_copy(update=changes)


class GeneratedVideo(Result):
    """One clip.

    Its length, frames, frame rate and sides are facts of the artifact.

    Attributes:
        video: The clip.
        seed: Seed that generated it; None if the backend has no seeds.
        last_image: Last frame in full quality, to continue from; None if the backend gives none.
        notes: Differences from the request, one sentence each, for example another length.
    """

    kind: ClassVar[str] = "video"

    video: Artifact
    seed: int | None
    last_image: Artifact | None = None
    notes: tuple[str, ...] = ()


@runtime_checkable
class VideoBackend(Backend, Protocol):
    """Generates clips."""

    @property
    def info(self) -> VideoInfo:
        """Description of the backend."""
        ...

    async def generate_video(self, request: VideoRequest, context: CallContext) -> GeneratedVideo:
        """Generate one clip.

        Raises:
            StepError: It failed.
        """
        ...


class VideoProxy:
    """The video capability as recipes see it."""

    def __init__(self, backend: VideoBackend) -> None:
        self.backend = backend

    @property
    def info(self) -> VideoInfo:
        """Description of the backend: legal lengths and sizes, and which fields it uses."""
        return self.backend.info

    def generate(
        self, request: VideoRequest, *, simpler: VideoRequest | None = None
    ) -> Call[GeneratedVideo]:
        """Describe the generation of one clip, with a simpler request if it is refused."""
        return Call(
            self.backend, "generate_video", request, GeneratedVideo, _generate, simpler=simpler
        )


def _generate(
    backend: VideoBackend, request: VideoRequest, context: CallContext
) -> Awaitable[GeneratedVideo]:
    return backend.generate_video(request, context)


VIDEO = Capability("video", "Clips from a prompt, images or a clip.", VideoBackend, VideoProxy)
"""The capability `video`."""
