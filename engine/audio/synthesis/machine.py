"""Engines: the pulses of their cylinders, and the noise of what they move."""

from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.room import panned
from engine.audio.synthesis.take import Take, band
from engine.audio.synthesis.weather import wide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_HARMONICS = 48
_CYLINDERS = 4


def engine(description: Description, take: Take) -> "Floats":
    """Return an engine that idles, runs or revs: small ones turn faster.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    speed = _speed(description, take)
    turns = np.cumsum(speed) / take.rate
    if take.loop and turns[-1] >= 1:
        turns *= round(turns[-1]) / turns[-1]
    tone = _pulses(turns, description, take)
    beat = 0.5 + 0.5 * np.cos(2 * np.pi * turns * (1 if "chop" in description.manner else 2))
    air = wide(take, band(120, 2500, 6))
    level = 0.12 if "chop" not in description.manner else 0.8
    noise: Floats = level * air * beat**2 * (0.5 + speed / speed.max())
    return panned(tone, 0.0) + noise


def _speed(description: Description, take: Take) -> "Floats":
    """Return turns of the cycle a second at each sample."""
    import numpy as np

    base = 13 * 5 ** (0.5 - description.size) * 2 ** (description.intensity - 0.5)
    part = take.times() / max(take.seconds, 1e-9)
    speed = base * (1 + 0.02 * take.drift(3))
    if "rev" in description.manner:
        speed = speed * (1 + 1.9 * np.sin(np.pi * part) ** 2)
    return speed


def _pulses(turns: "Floats", description: Description, take: Take) -> "Floats":
    """Return the harmonics of the cycle; those of the cylinders are the strongest."""
    import numpy as np

    total = take.silence()
    limit = 900 * 2 ** (description.intensity - description.size)
    mean = float(turns[-1]) / max(take.seconds, 1e-9)
    for order in range(1, _HARMONICS + 1):
        level = (1.0 if order % _CYLINDERS == 0 else 0.3) * take.rng.uniform(0.5, 1)
        level *= 1 / (1 + (order * mean / limit) ** 2) / order**0.45
        phase = take.rng.uniform(0, 2 * np.pi)
        total += level * np.sin(2 * np.pi * order * turns + phase)
    return total * (1 + 0.15 * take.drift(12))
