"""Small sounds as the bytes of files, and a catalog with everything embedded."""

import io
import wave
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.builtin import FAMILY
from engine.recipes.visual_prompts import RECIPE
from engine.testing.catalog import MemoryCatalog
from tests.audio.synthetic import RATE, progression


def wav(samples: NDArray[np.floating[Any]], rate: int = RATE) -> bytes:
    """Return samples of one channel, full scale 1, as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


@cache
def song(tonic: int = 0, *, loudness: float = 0.5) -> bytes:
    """Return a cadence of four seconds; of a loudness over 1 it is clipped."""
    samples = progression(tonic, minor=False, seconds=1.0, rounds=1)
    return wav(loudness * samples / np.abs(samples).max())


def silence() -> bytes:
    """Return two seconds of silence."""
    return wav(np.zeros(2 * RATE, np.float32))


def catalog() -> MemoryCatalog:
    """The recipe, and the embedded backends."""
    return MemoryCatalog([RECIPE], families=[FAMILY])
