"""Footsteps: heel and toe on a ground that rings, that crunches, or both."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.synthesis.grains import Grains, crushed
from engine.audio.synthesis.modal import MATERIALS, Body, finished, struck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground.

    Attributes:
        body: What rings under the heel; None for soft ground.
        grains: What crunches; None for clean ground.
        crunch: Part of the grains in the sound, 0 to 1.
        hardness: Hardness of the contact, 0 to 1.
        give: Seconds in which the ground gives way under a foot.
    """

    body: Body | None
    grains: Grains | None
    crunch: float
    hardness: float
    give: float


GROUNDS = {
    "boards": Ground(
        Body(110, MATERIALS["wood"], "plate"), Grains(300, 2500, 0.002, 150), 0.15, 0.35, 0.03
    ),
    "concrete": Ground(
        Body(260, MATERIALS["stone"]), Grains(1500, 6000, 0.0008, 600), 0.35, 0.7, 0.02
    ),
    "metal": Ground(
        Body(190, MATERIALS["steel"], "plate"), Grains(2000, 7000, 0.001, 150), 0.1, 0.6, 0.02
    ),
    "gravel": Ground(None, Grains(900, 6000, 0.0015, 1400), 1.0, 0.5, 0.07),
    "snow": Ground(None, Grains(250, 1800, 0.0012, 5000), 1.0, 0.2, 0.14),
    "leaves": Ground(None, Grains(2500, 9000, 0.0007, 2500), 1.0, 0.3, 0.11),
}
"""Grounds by name."""

_TOE = 0.3
"""Time from heel to toe, in parts of a step."""


def footsteps(
    ground: Ground, seconds: float, steps_a_minute: float, rate: int, seed: int
) -> "NDArray[np.float32]":
    """Return footsteps.

    Two steps are never the same: times vary by 3 %, forces by 15 %.

    Args:
        ground: The ground.
        seconds: Length; the sound fades out at its end.
        steps_a_minute: Pace: some 110 for a walk, 170 for a run.
        rate: Sample rate in Hz.
        seed: The same seed gives the same sound.

    Returns:
        Shape (round(seconds * rate),), of a peak of 1.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    found = np.zeros(round(seconds * rate))
    step = 60 / steps_a_minute
    for number in range(int(seconds / step) + 1):
        at = number * step + 0.03 * step * rng.uniform(0, 1)
        sound = _step(ground, step, rate, rng) * rng.uniform(0.85, 1)
        start = round(at * rate)
        part = sound[: max(0, len(found) - start)]
        found[start : start + len(part)] += part
    return finished(found, rate)


def _step(ground: Ground, step: float, rate: int, rng: "np.random.Generator") -> "Floats":
    """Return one step: the heel, then the toe, which is softer."""
    import numpy as np

    frames = round((step + 0.3) * rate)
    toe = min(0.16, _TOE * step) * rng.uniform(0.9, 1.1)
    found = np.zeros(frames)
    for at, strength in ((0.0, 1.0), (toe, 0.55)):
        start = round(at * rate)
        found[start:] += strength * _contact(ground, frames - start, rate, rng)
    return found


def _contact(ground: Ground, frames: int, rate: int, rng: "np.random.Generator") -> "Floats":
    import numpy as np

    found = np.zeros(frames)
    if ground.body is not None:
        hard = ground.hardness * rng.uniform(0.85, 1)
        position = rng.uniform(0.15, 0.45)
        blow = struck(ground.body, frames / rate, rate, rng, hardness=hard, position=position)
        found += (1 - ground.crunch) * blow[:frames]
    if ground.grains is not None:
        time = np.arange(frames) / rate
        force = time / ground.give * np.exp(1 - time / ground.give)  # it peaks at `give`
        crunch = crushed(ground.grains, force, rate, rng)
        found += ground.crunch * crunch / max(1.0, float(np.abs(crunch).max(initial=0)))
    return found
