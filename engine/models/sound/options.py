"""Options and requests of a model of stable-audio-tools, as plain data without torch."""

import hashlib
from typing import Literal

from pydantic import Field

from engine.contract.backend import FrozenModel

Precision = Literal["auto", "bf16", "fp16", "fp32"]
"""Numbers that the denoiser computes with; `auto` is float32, as the models were published."""

V_SAMPLERS = (
    "dpmpp-2m-sde",
    "dpmpp-3m-sde",
    "dpmpp-2m",
    "k-heun",
    "k-lms",
    "k-dpm-2",
    "k-dpmpp-2s-ancestral",
    "v-ddim",
    "v-ddim-cfgpp",
)
"""Samplers of models with the objective v, the default first."""

FLOW_SAMPLERS = ("euler", "dpmpp", "rk4", "pingpong")
"""Samplers of rectified flow models."""


class SoundLora(FrozenModel):
    """A LoRA and its weight.

    Attributes:
        source: Its file, or `org/name:file` on the hub.
        weight: Its factor; 0 disables it.
        alpha: Its alpha; None for that of the configuration. Its scale is alpha by rank.
    """

    source: str
    weight: float = Field(1.0, ge=-10, le=10)
    alpha: float | None = Field(None, gt=0, le=100_000)


class SoundModelOptions(FrozenModel):
    """Sources and options of a model; models of other options are loaded beside it.

    Attributes:
        model: The base model: id on the hub, folder, or single file.
        config: Configuration of a single file or of a checkpoint; None for that of the model.
        checkpoint: Weights of a whole model that replace the base's, or a LoRA for it; None for
            the base model alone.
        text_encoder: The T5 text encoder: id or folder; None for the one that the configuration
            names.
        dtype: Numbers that the denoiser computes with.
        most: Maximum number of sounds in one call.
        offline: True if a setting forbids fetching missing files.
    """

    model: str
    config: str | None = None
    checkpoint: str | None = None
    text_encoder: str | None = None
    dtype: Precision = "auto"
    most: int = Field(4, ge=1)
    offline: bool = False


class SoundSampling(FrozenModel):
    """Sampling of sounds; tasks with the same sampling can be done in one call.

    Attributes:
        steps: Denoising steps; None for 100, or 8 for a distilled model.
        guidance: Scale of classifier-free guidance; None for 7, or 1 for a distilled model.
        sampler: Name of the sampler; empty for the default of the model's objective.
        sigma_min: Lowest noise level, for models with the objective v.
        sigma_max: Highest noise level, for models with the objective v.
        rho: Exponent of the spacing of noise levels; 1 spaces their logarithms evenly.
        init_noise: Noise added to the sound to start from, 0 (unchanged) to 1.
        loras: LoRAs with their weights.
    """

    steps: int | None = Field(None, ge=1, le=1000)
    guidance: float | None = Field(None, ge=0, le=100)
    sampler: str = ""
    sigma_min: float = Field(0.3, gt=0, le=10)
    sigma_max: float = Field(500.0, ge=1, le=10_000)
    rho: float = Field(1.0, gt=0, le=10)
    init_noise: float = Field(0.5, ge=0, le=1)
    loras: tuple[SoundLora, ...] = ()


class InitSound(FrozenModel):
    """A decoded sound to start from.

    Attributes:
        pcm: 32-bit floats in the machine's byte order, one channel after the other.
        channels: Number of channels.
        sample_rate: Sample rate in Hz.
    """

    pcm: bytes
    channels: int = Field(ge=1, le=256)
    sample_rate: int = Field(ge=1, le=1_000_000)


class SoundTask(FrozenModel):
    """Request for one sound.

    Attributes:
        prompt: Words for the sound.
        negative_prompt: Words for sounds that are not wanted; needs guidance over 1.
        seed: Source of its noise.
        seconds: Length of the result, which is also a condition of the model.
        init: Sound to start from; None to start from noise.
        preview_every: Steps between two previews; 0 for none.
        sampling: Its sampling.
    """

    prompt: str
    negative_prompt: str = ""
    seed: int = Field(ge=0)
    seconds: float = Field(gt=0)
    init: InitSound | None = None
    preview_every: int = Field(0, ge=0)
    sampling: SoundSampling = SoundSampling()

    def group(self) -> str:
        """Return the group of tasks that can share a call with this one."""
        kind = (bool(self.negative_prompt), self.init is not None, self.seconds)
        text = f"{self.sampling.model_dump_json()}{kind}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class SoundAnswer(FrozenModel):
    """One generated sound.

    Attributes:
        pcm: 32-bit floats in the machine's byte order, one channel after the other.
        channels: Number of channels.
        sample_rate: Sample rate in Hz.
        steps: Denoising steps.
        guidance: Scale of classifier-free guidance.
        sampler: Name of the sampler.
        device: Device on which it was generated, for example `cuda:0`.
        device_name: The device in words, with its memory.
    """

    pcm: bytes
    channels: int
    sample_rate: int
    steps: int
    guidance: float
    sampler: str
    device: str
    device_name: str = ""
