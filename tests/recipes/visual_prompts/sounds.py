"""Small sounds as the bytes of files, and a catalog with everything embedded."""

import io
import wave
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.builtin import FAMILY
from engine.client.memory_catalog import MemoryCatalog
from engine.recipes.visual_prompts import RECIPE
from tests.audio.synthetic import RATE, Samples, progression


def wav(samples: NDArray[np.floating[Any]], rate: int = RATE) -> bytes:
    """Return samples of one channel, full scale 1, as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


@cache
def cadence(tonic: int = 0) -> Samples:
    """Return a cadence of four seconds in a major key, half of full scale."""
    samples = progression(tonic, minor=False, seconds=1.0, rounds=1)
    return samples / (2 * np.abs(samples).max())


def song(tonic: int = 0) -> bytes:
    """Return a cadence as a file."""
    return wav(cadence(tonic))


def silence() -> bytes:
    """Return two seconds of silence as a file."""
    return wav(np.zeros(2 * RATE, np.float32))


def catalog() -> MemoryCatalog:
    """The recipe, and the embedded backends."""
    return MemoryCatalog([RECIPE], families=[FAMILY])


def save_dataset(path: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write records as a data set of the usual kind: an array of mappings, pickled."""
    array = np.empty(len(records), dtype=object)
    array[:] = records
    np.save(path, array, allow_pickle=True)
