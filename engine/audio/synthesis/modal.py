"""Struck bodies as sums of decaying modes.

A mode of frequency f decays at the rate `pi * f * tan(phi)` besides a constant one; the angle of
internal friction phi tells materials apart, whatever the body's size (Klatzky, Pai and Krotkov
2000, Perception of Material from Contact Sounds).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Shape = Literal["bar", "plate", "bowl"]

RATIOS: dict[Shape, tuple[float, ...]] = {
    "bar": (1, 2.757, 5.404, 8.933, 13.344, 18.638),  # free at both ends
    "plate": (1, 2.5, 4, 5, 6.5, 8.5, 9, 10, 12.5, 13),  # square, supported at its edges
    "bowl": (1, 2.32, 4.25, 6.63, 9.38, 12.22),  # wine glass, French 1983
}
"""Frequencies of the modes of a shape, the lowest being 1."""

_SOFTEST, _HARDEST = 4e-3, 1e-4
"""Seconds for which a soft and a hard hammer touch the body."""

_FADE = 0.005


@dataclass(frozen=True, slots=True)
class Material:
    """Losses of a material.

    Attributes:
        friction: Tangent of the angle of internal friction.
        damping: Decay rate of all modes in 1/s: losses to the air and to what holds the body.
    """

    friction: float
    damping: float


MATERIALS = {
    "steel": Material(0.0005, 0.6),
    "glass": Material(0.002, 1.5),
    "ceramic": Material(0.004, 3.0),
    "stone": Material(0.012, 15.0),
    "wood": Material(0.022, 8.0),
    "plastic": Material(0.035, 18.0),
}
"""Materials by name, from the longest sound to the shortest."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that can be struck.

    Attributes:
        hertz: Frequency of its lowest mode.
        material: Its material.
        shape: Its shape.
    """

    hertz: float
    material: Material
    shape: Shape = "bar"


def struck(
    body: Body,
    seconds: float,
    rate: int,
    rng: "np.random.Generator",
    *,
    hardness: float = 0.6,
    position: float = 0.3,
) -> "NDArray[np.float32]":
    """Return the sound of one blow.

    Args:
        body: The body.
        seconds: Length; the sound fades out at its end.
        rate: Sample rate in Hz.
        rng: Source of the small differences between two bodies, 0.5 % of each frequency.
        hardness: Hardness of the hammer, 0 to 1; a hard one excites higher modes.
        position: Place of the blow, 0 (an edge) to 0.5 (the middle).

    Returns:
        Shape (round(seconds * rate),), of a peak of 1.
    """
    import numpy as np

    ratios = np.array(RATIOS[body.shape])
    hertz = body.hertz * ratios * (1 + 0.005 * rng.standard_normal(len(ratios)))
    heard = hertz < 0.45 * rate
    order = np.arange(1, len(ratios) + 1)
    gains = _excitation(hertz, hardness) * np.abs(np.sin(np.pi * order * position))
    decays = body.material.damping + np.pi * hertz * body.material.friction
    time = np.arange(round(seconds * rate)) / rate
    waves = np.exp(-np.outer(decays, time)) * np.sin(2 * np.pi * np.outer(hertz, time))
    return finished((gains * heard) @ waves, rate)


def _excitation(hertz: "NDArray[np.float64]", hardness: float) -> "NDArray[np.float64]":
    """Return the spectrum of a push that lasts half a sine, 1 at 0 Hz."""
    import numpy as np

    contact = _SOFTEST * (_HARDEST / _SOFTEST) ** hardness
    doubled = 2 * hertz * contact
    near = np.abs(1 - doubled**2) < 1e-6
    below = np.where(near, 1.0, 1 - doubled**2)
    found = np.abs(np.cos(np.pi * hertz * contact) / below)
    return np.where(near, np.pi / 4, found)


def finished(samples: "NDArray[np.floating]", rate: int) -> "NDArray[np.float32]":
    """Return a sound of a peak of 1 that ends without a click; silence as it is."""
    import numpy as np

    found = np.array(samples, np.float32)
    fade = min(len(found), round(_FADE * rate))
    if fade:
        found[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    peak = float(np.abs(found).max(initial=0.0))
    return found / np.float32(peak) if peak else found
