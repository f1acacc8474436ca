"""Inputs of models of sounds on fal: every model names and bounds them differently.

Names and bounds are those of the models' pages (https://fal.ai/models/ID/llms.txt), read in
November 2026. A model that is not known here gets the commonest names; settings can override them.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from engine.backends.fal.inputs import seed_of, version_with
from engine.backends.fal.settings import FalSettings
from engine.contract.audio import MAX_SECONDS, AudioField, AudioRequest

_MP3 = {"output_format": "mp3_44100_192"}
"""The best that has a header; the lossless formats of these models are bare samples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundInputs:
    """Names and bounds of a model's inputs; a name is None if the model has no such input.

    Attributes:
        prompt: The input for the prompt.
        seconds: The input for the length.
        whole_seconds: True if the length is a whole number of seconds.
        min_seconds: Minimum length in seconds.
        max_seconds: Maximum length in seconds.
        steps: The input for the number of denoising steps.
        max_steps: Maximum number of steps.
        guidance: The input for how closely the prompt is followed.
        max_guidance: Its maximum.
        fixed: Inputs that are always sent.
    """

    prompt: str = "prompt"
    seconds: str = "duration"
    whole_seconds: bool = False
    min_seconds: float = 1.0
    max_seconds: float = MAX_SECONDS
    steps: str | None = None
    max_steps: int | None = None
    guidance: str | None = None
    max_guidance: float | None = None
    seed: str | None = None
    negative: str | None = None
    loop: str | None = None
    fixed: dict[str, Any] = field(default_factory=dict)

    @property
    def takes(self) -> frozenset[AudioField]:
        """Optional fields of a request that the model uses."""
        names: dict[AudioField, str | None] = {
            "steps": self.steps,
            "guidance": self.guidance,
            "seed": self.seed,
            "negative_prompt": self.negative,
            "loop": self.loop,
        }
        return frozenset(name for name, input_ in names.items() if input_)

    def length_for(self, seconds: float) -> float:
        """Return the length to ask for, in seconds: a sound that comes longer is cut."""
        wanted = max(seconds, self.min_seconds)
        return math.ceil(wanted) if self.whole_seconds else wanted


def _effects(*, max_seconds: float, loop: str | None, fixed: dict[str, Any]) -> SoundInputs:
    return SoundInputs(
        prompt="text",
        seconds="duration_seconds",
        min_seconds=0.5,
        max_seconds=max_seconds,
        guidance="prompt_influence",
        max_guidance=1.0,
        loop=loop,
        fixed=fixed,
    )


_KNOWN = {
    "fal-ai/stable-audio": SoundInputs(
        seconds="seconds_total",
        whole_seconds=True,
        max_seconds=47.0,
        steps="steps",
        max_steps=1000,
        fixed={"seconds_start": 0},
    ),
    "fal-ai/stable-audio-25/text-to-audio": SoundInputs(
        seconds="seconds_total",
        whole_seconds=True,
        max_seconds=190.0,
        steps="num_inference_steps",
        max_steps=8,
        guidance="guidance_scale",
        max_guidance=25.0,
        seed="seed",
    ),
    "fal-ai/stable-audio-3/small/sfx/text-to-audio": SoundInputs(
        max_seconds=120.0,
        steps="num_inference_steps",
        max_steps=100,
        guidance="guidance_scale",
        max_guidance=25.0,
        seed="seed",
        negative="negative_prompt",
    ),
    "fal-ai/elevenlabs/sound-effects": _effects(max_seconds=22.0, loop=None, fixed={}),
    "fal-ai/elevenlabs/sound-effects/v2": _effects(max_seconds=22.0, loop="loop", fixed=_MP3),
    "elevenlabs/sound-effects/v3": _effects(max_seconds=30.0, loop="loop", fixed=_MP3),
}
_UNKNOWN = SoundInputs(seed="seed", negative="negative_prompt")


def sound_inputs(model: str) -> SoundInputs:
    """Return the names and bounds of a model's inputs, the commonest for an unknown model."""
    return _KNOWN.get(model, _UNKNOWN)


def sound_arguments(settings: FalSettings, request: AudioRequest) -> dict[str, Any]:
    """Return the model's input for a request; inputs of the settings win."""
    names = sound_inputs(settings.audio_model)
    optional: list[tuple[str | None, Any]] = [
        (names.steps, request.steps),
        (names.guidance, request.guidance),
        (names.seed, seed_of(request)),
        (names.negative, request.negative_prompt or None),
        (names.loop, request.loop or None),
    ]
    return {
        **names.fixed,
        names.prompt: request.prompt,
        names.seconds: names.length_for(request.seconds),
        **{name: value for name, value in optional if name and value is not None},
        **settings.audio_arguments,
    }


def sound_version(settings: FalSettings) -> str:
    """Version of the method; settings that change what comes out are part of it."""
    return version_with(settings.model_dump(include={"audio_arguments"}))
