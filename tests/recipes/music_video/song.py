"""A short song with a beat and two halves, and a catalog with the recipe and embedded backends."""

import io
import wave
from functools import cache

import numpy as np

from engine.backends.builtin import FAMILY
from engine.client.memory_catalog import MemoryCatalog
from engine.recipes.music_video import RECIPE

RATE, BPM = 16_000, 120
SMALL = {"width": 128, "height": 72, "fps": 24, "keyframe_side": 256, "preview": False}
"""Settings of a film that renders in a moment."""


def catalog() -> MemoryCatalog:
    """The recipe, and the embedded backends."""
    return MemoryCatalog([RECIPE], families=[FAMILY])


@cache
def song(seconds: float = 6.0) -> bytes:
    """Return a song as WAV: drums at 120 beats a minute over chords, louder in its second half."""
    times = np.arange(round(seconds * RATE)) / RATE
    beat = times % (60 / BPM)
    drums = np.sin(2 * np.pi * 90 * beat) * np.exp(-beat * 30)
    chord = sum(np.sin(2 * np.pi * hertz * times) for hertz in (220.0, 277.2, 329.6)) / 3
    level = np.where(times < seconds / 2, 0.25, 0.7)
    samples = (level * (0.6 * drums + 0.4 * chord) * 32000).astype("<i2")
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return stream.getvalue()
