"""Fire: crackles in clusters, hissing gas and lapping flames."""

from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.take import Take, band
from engine.audio.synthesis.weather import wide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def fire(description: Description, take: Take) -> "Floats":
    """Return a fire.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    force = description.intensity
    flames = wide(take, band(40, 160, 9))
    lapping = np.exp(0.5 * take.drift(4))
    hiss = wide(take, band(2500, 9000, 6)) * np.exp(0.6 * take.drift(1.2))
    crackles = np.stack([_crackles(force, take) for _ in range(2)])
    middle = _crackles(force, take)
    return flames * lapping * (0.04 + 0.16 * force) + 0.03 * hiss + crackles + middle


def _crackles(force: float, take: Take) -> "Floats":
    """Return clicks in clusters; few are loud."""
    import numpy as np

    track = take.silence()
    starts = take.moments(11 * (0.5 + force) * np.exp(0.9 * take.drift(2.5)))
    loud = np.minimum(6.0, take.rng.pareto(1.7, len(starts)))
    pitch = 900 * 2 ** (3 * take.rng.random(len(starts)))
    decay = 0.0008 * 2 ** (2.5 * take.rng.random(len(starts)))

    def wave(part: slice, time: "Floats") -> "Floats":
        noise = take.rng.standard_normal((len(pitch[part]), len(time)))
        tone = np.sin(2 * np.pi * np.outer(pitch[part], time)) + 0.5 * noise
        fall = np.exp(-time / decay[part, None]) * (1 - np.exp(-time / 0.0001))
        values: Floats = loud[part, None] * tone * fall
        return values

    take.scatter(track, starts, round(0.025 * take.rate), wave)
    return 0.5 * track
