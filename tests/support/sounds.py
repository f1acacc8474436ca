"""Sounds as files, for sellers of sounds in tests."""

import io
from typing import Any

import numpy as np

from engine.audio.wav import write_wav_24


def noise(seconds: float, rate: int = 44_100, channels: int = 2) -> np.ndarray[Any, Any]:
    """Always the same noise, of shape (channels, samples)."""
    shape = (channels, round(seconds * rate))
    return np.random.default_rng(1).uniform(-0.5, 0.5, shape).astype(np.float32)


def noise_wav(seconds: float, rate: int = 44_100, channels: int = 2) -> bytes:
    """The noise as WAV."""
    return write_wav_24(noise(seconds, rate, channels), rate)


def encoded_noise(seconds: float, kind: str) -> bytes:
    """The noise in a format of soundfile."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, noise(seconds).T, 44_100, format=kind)
    return out.getvalue()
