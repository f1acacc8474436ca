"""Capability `audio`: a sound from a prompt."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, Self, runtime_checkable

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
from engine.text.plural import pluralize

MAX_SECONDS = 600.0
"""Length of a sound that an operator may ask for, in seconds."""

INIT_NOISE = 0.5
"""Noise that is added to a sound to start from, by default."""

AudioField = Literal[
    "negative_prompt", "seed", "steps", "guidance", "sampler", "init_audio", "loop"
]
"""Field of a request that not every backend uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioInfo(BackendInfo):
    """Description of an audio backend.

    Attributes:
        sample_rate: Sample rate of its sounds in Hz.
        channels: Number of channels of its sounds.
        min_seconds: Minimum length of a sound in seconds.
        max_seconds: Maximum length of a sound in seconds.
        min_steps: Minimum number of denoising steps.
        max_steps: Maximum number of denoising steps; None for no limit.
        min_guidance: Minimum guidance scale.
        max_guidance: Maximum guidance scale; None for no limit.
        takes: Optional fields of a request that it uses; it ignores the others.
    """

    capability: str = "audio"
    sample_rate: int = 44_100
    channels: int = 2
    min_seconds: float = 0.1
    max_seconds: float = MAX_SECONDS
    min_steps: int = 1
    max_steps: int | None = None
    min_guidance: float = 0.0
    max_guidance: float | None = None
    takes: frozenset[AudioField] = frozenset()

    def trouble(self, request: "AudioRequest") -> str:
        """Return why a request is beyond the model's limits, as a sentence; empty if it is not."""
        model = f"{self.name} ({self.model})"
        if not self.min_seconds <= request.seconds <= self.max_seconds:
            return (
                f"{model} generates sounds of {self.min_seconds:g} to {self.max_seconds:g} "
                f"seconds, not of {request.seconds:g}."
            )
        if request.steps is not None and request.steps < self.min_steps:
            return (
                f"{model} takes at least {pluralize(self.min_steps, 'step')}, not {request.steps}."
            )
        if self.max_steps is not None and (request.steps or 0) > self.max_steps:
            return (
                f"{model} takes at most {pluralize(self.max_steps, 'step')}, not {request.steps}."
            )
        if request.guidance is not None and request.guidance < self.min_guidance:
            return (
                f"{model} takes a guidance scale of at least {self.min_guidance:g}, "
                f"not {request.guidance:g}."
            )
        if self.max_guidance is not None and (request.guidance or 0) > self.max_guidance:
            return (
                f"{model} takes a guidance scale of at most {self.max_guidance:g}, "
                f"not {request.guidance:g}."
            )
        return ""


class AudioRequest(PromptedRequest):
    """Request for one sound, independent of other requests, so that a seed always gives the same.

    Attributes:
        seconds: Length in seconds; the sound has exactly `round(seconds * sample_rate)` samples
            per channel.
        steps: Number of denoising steps; None for the backend's default.
        guidance: Guidance scale (cfg); None for the backend's default.
        sampler: Sampler by the backend's own name; None for the backend's default.
        init_audio: Sound to start from; None to start from noise.
        init_noise: Noise added to `init_audio`, 0 (unchanged) to 1 (nothing of it is left).
        loop: True for a sound whose end continues into its start without a click.
    """

    seconds: float = Field(gt=0, le=MAX_SECONDS)
    steps: int | None = Field(None, ge=1, le=1000)
    guidance: float | None = Field(None, ge=0, le=100)
    sampler: str | None = Field(None, min_length=1, max_length=60)
    init_audio: Artifact | None = None
    init_noise: float = Field(INIT_NOISE, ge=0, le=1)
    loop: bool = False

    def suited_to(self, info: BackendInfo) -> Self:
        """Return the request for a fallback, without the fields that it does not use.

        Steps and sampler mean something else for another model, so they are left to it.
        """
        if not isinstance(info, AudioInfo):
            return self
        defaults = {"steps": None, "sampler": None, "guidance": None}
        if "init_audio" not in info.takes:
            defaults["init_audio"] = None
        return self.model_copy(update=defaults)


class GeneratedAudio(Result):
    """One sound.

    Its length, sample rate and channels are facts of the artifact.

    Attributes:
        audio: The sound, losslessly encoded if the backend has it so.
        seed: Seed that generated it; None if the backend has no seeds.
        device: Device that a model of this machine ran on, such as `cuda` or `cpu`; empty for
            models of other machines.
        steps: Number of denoising steps it took; None if not known, or the model has none.
        guidance: Guidance scale (cfg) that was used; likewise.
        notes: Differences from the request, one sentence each, for example a limited length.
    """

    kind: ClassVar[str] = "audio"

    audio: Artifact
    seed: int | None
    device: str = ""
    steps: int | None = None
    guidance: float | None = None
    notes: tuple[str, ...] = ()


@runtime_checkable
class AudioBackend(Backend, Protocol):
    """Generates sounds."""

    @property
    def info(self) -> AudioInfo:
        """Description of the backend."""
        ...

    async def generate_audio(self, request: AudioRequest, context: CallContext) -> GeneratedAudio:
        """Generate one sound.

        Raises:
            StepError: It failed.
        """
        ...


class AudioProxy:
    """The audio capability as recipes see it."""

    def __init__(self, backend: AudioBackend) -> None:
        self.backend = backend

    @property
    def info(self) -> AudioInfo:
        """Description of the backend: its limits, and which fields it uses."""
        return self.backend.info

    def generate(self, request: AudioRequest) -> Call[GeneratedAudio]:
        """Describe the generation of one sound."""
        return Call(self.backend, "generate_audio", request, GeneratedAudio, _generate)


def _generate(
    backend: AudioBackend, request: AudioRequest, context: CallContext
) -> Awaitable[GeneratedAudio]:
    return backend.generate_audio(request, context)


AUDIO = Capability("audio", "Sounds from a prompt.", AudioBackend, AudioProxy)
"""The capability `audio`."""
