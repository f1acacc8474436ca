"""Loose material as a crowd of small impacts (Cook 1997, Physically Informed Sonic Modeling)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_GRAINS = 20_000
"""Grains of one sound at most."""

_LENGTH = 6
"""Decay times after which a grain is cut, at 1/400 of its start."""


@dataclass(frozen=True, slots=True)
class Grains:
    """Loose material.

    Attributes:
        lowest: Lowest frequency of a grain in Hz.
        highest: Highest.
        decay: Decay time of a grain in seconds.
        per_second: Impacts a second under full force.
    """

    lowest: float
    highest: float
    decay: float
    per_second: float


def crushed(
    grains: Grains, force: "NDArray[np.floating]", rate: int, rng: "np.random.Generator"
) -> "NDArray[np.float64]":
    """Return the sound of material under a force.

    Impacts come at random, the more and the louder the greater the force; each is a short sine.

    Args:
        grains: The material.
        force: Force of each sample, 0 to 1.
        rate: Sample rate in Hz.
        rng: Source of times, pitches and levels.

    Returns:
        The shape of the force; levels are not bounded.
    """
    import numpy as np

    found = np.zeros(len(force))
    starts = np.flatnonzero(rng.random(len(force)) < force * grains.per_second / rate)
    starts = starts[:MAX_GRAINS]
    span = np.arange(max(1, round(_LENGTH * grains.decay * rate)))
    octaves = np.log2(grains.highest / grains.lowest)
    hertz = grains.lowest * 2 ** (octaves * rng.random(len(starts)))
    level = np.asarray(force)[starts] * rng.exponential(1, len(starts))
    for start, pitch, loud in zip(starts, np.minimum(hertz, 0.45 * rate), level, strict=True):
        time = span[: len(found) - start] / rate
        found[start : start + len(time)] += (
            loud * np.exp(-time / grains.decay) * np.sin(2 * np.pi * pitch * time)
        )
    return found
