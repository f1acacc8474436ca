"""Decoded sound."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.floating[Any]]


class SoundError(ValueError):
    """A file that is no sound, or one that cannot be used; the message ends a sentence."""


class MissingExtraError(SoundError):
    """The extra `audio` is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "cannot be decoded, because a package for sound is missing; install the extra "
            "'audio': pip install 'safelight[audio]'"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Decoded sound.

    Attributes:
        samples: 32-bit floats of shape (channels, frames); full scale is -1 to 1.
        sample_rate: Frames a second.
        whole_seconds: Length in seconds of the sound that this is the start of, that of the start
            if it is not known; None if this is all of it.
    """

    samples: "NDArray[np.float32]"
    sample_rate: int
    whole_seconds: float | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.sample_rate)

    def mono(self) -> "NDArray[np.float32]":
        """Return the mean of all channels, of shape (frames,)."""
        mean: NDArray[np.float32] = self.samples.mean(axis=0)
        return mean


def magnitude(samples: "Samples") -> float:
    """Return the highest magnitude of samples, NaN if one is; 0 if there are none."""
    if not samples.size:
        return 0.0
    return float(max(samples.max(), -samples.min()))
