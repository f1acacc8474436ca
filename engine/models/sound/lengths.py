"""Lengths of sounds that latent models generate: enough latents, and samples cut to the request.

An autoencoder turns a whole number of samples into one latent (2048 in Stable Audio Open 1.0). A
model that rounds the latents down returns less than was requested: 129 latents are 264 192 samples,
5.99 seconds at 44.1 kHz. Latents are therefore rounded up, and the sound is cut.
"""

import math
from typing import TypeVar

ArrayT = TypeVar("ArrayT")


def samples_of(seconds: float, sample_rate: int) -> int:
    """Return the samples per channel of a sound: `round(seconds * sample_rate)`, at least 1.

    Args:
        seconds: Length in seconds, positive.
        sample_rate: Sample rate in Hz.
    """
    return max(1, round(seconds * sample_rate))


def latents_for(samples: int, ratio: int, patch: int = 1) -> int:
    """Return the latents that hold at least so many samples.

    Args:
        samples: Samples per channel.
        ratio: Samples per latent.
        patch: Latents that the model reads as one; the result is a multiple of it.
    """
    return patch * max(1, math.ceil(samples / (ratio * patch)))


def cut(sound: ArrayT, samples: int) -> ArrayT:
    """Return the first samples of an array or a tensor of shape (..., samples).

    Raises:
        ValueError: It has fewer.
    """
    length = int(sound.shape[-1])  # type: ignore[attr-defined]
    if length < samples:
        raise ValueError(f"{length} samples were generated, and {samples} are needed")
    part: ArrayT = sound[..., :samples]  # type: ignore[index]
    return part
