"""Sounds of a batch: decoded once, and resampled once per sample rate."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.audio.resampling import resampled
from engine.audio.sound import MissingExtraError, SoundError
from engine.contract.errors import Blocked
from engine.text.terminal import clean

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

WINDOW_SECONDS = 10
"""Length of the windows that models hear, in seconds."""

MAX_SECONDS = 600
"""Seconds of a sound that are heard; the rest is left out."""


class SoundBatch:
    """Sounds of a batch, with everything computed from them so far.

    Attributes:
        places: Index of each readable sound among all of them.
        notes: Reasons why sounds could not be read, by index among all.
    """

    def __init__(self, encoded: Sequence[bytes]) -> None:
        self.places: list[int] = []
        self.notes: dict[int, str] = {}
        self._sounds: list[tuple[NDArray[np.float32], int]] = []
        for place, data in enumerate(encoded):
            try:
                self._sounds.append(_mono(data))
                self.places.append(place)
            except SoundError as error:
                self.notes[place] = f"The sound {clean(str(error), 120)}."
        self._at: dict[int, list[NDArray[np.float32]]] = {}
        self._embeddings: dict[str, Tensor] = {}

    def __len__(self) -> int:
        return len(self.places)

    def at(self, rate: int) -> "list[NDArray[np.float32]]":
        """Return all readable sounds as one channel at a sample rate, each of shape (samples,)."""
        if rate not in self._at:
            self._at[rate] = [_at_rate(samples, first, rate) for samples, first in self._sounds]
        return self._at[rate]

    def embeddings(self, model: str, embed: "Callable[[], Tensor]") -> "Tensor":
        """Return a model's embeddings of them, shape (n, d); computed on first use."""
        if model not in self._embeddings:
            self._embeddings[model] = embed()
        return self._embeddings[model]


def windows(samples: "NDArray[np.float32]", length: int) -> "Iterator[NDArray[np.float32]]":
    """Yield a sound in consecutive windows; the last one may be shorter."""
    for start in range(0, len(samples), length):
        yield samples[start : start + length]


def _mono(data: bytes) -> "tuple[NDArray[np.float32], int]":
    import numpy as np

    from engine.audio.decode import decode

    try:
        sound = decode(data)
    except MissingExtraError as error:
        raise Blocked(
            f"Sounds {error}.", reason="backend", remedy="Install it, then resume."
        ) from error
    rate = sound.sample_rate
    mono = sound.samples[:, : MAX_SECONDS * rate].mean(axis=0, dtype=np.float32)
    if not len(mono):
        raise SoundError("has no samples")
    return np.nan_to_num(mono, posinf=0, neginf=0), rate


def _at_rate(samples: "NDArray[np.float32]", rate: int, wanted: int) -> Any:
    import numpy as np

    return resampled(samples, rate, wanted).astype(np.float32)
