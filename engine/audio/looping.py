"""Sounds whose end continues into their start."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OVERLAP_SECONDS = 0.5
"""Length of the crossfade, at most, in seconds."""

OVERLAP_SHARE = 0.25
"""Share of the sound that is crossfaded, at most."""


def overlap_of(seconds: float) -> float:
    """Return the length of the crossfade of a loop in seconds.

    Args:
        seconds: Length of the loop.
    """
    return min(OVERLAP_SECONDS, OVERLAP_SHARE * seconds)


def looped(samples: "NDArray[np.float32]", frames: int) -> "NDArray[np.float32]":
    """Return the start of a sound as a loop: what follows it is faded into its first samples.

    The last sample is followed, as in the sound itself, by the first one of what follows. The gains
    keep the power of parts that are independent, as noise is.

    Args:
        samples: Of shape (channels, frames), longer than the loop by the crossfade.
        frames: Length of the loop.
    """
    import numpy as np

    overlap = samples.shape[1] - frames
    loop = samples[:, :frames].copy()
    if overlap > 0:
        angle = np.arange(overlap, dtype=np.float32) / overlap * (math.pi / 2)
        rest = samples[:, frames:]
        loop[:, :overlap] = loop[:, :overlap] * np.sin(angle) + rest * np.cos(angle)
    return loop
