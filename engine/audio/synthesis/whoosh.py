"""Things that pass through the air: noise whose band rises and falls with their speed."""

from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.take import Take, band
from engine.audio.synthesis.water import events

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BANDS = 9


def whoosh(description: Description, take: Take) -> "Floats":
    """Return objects that pass from left to right: small ones are quick and high.

    Returns:
        Shape (2, frames).
    """
    import numpy as np

    from engine.audio.synthesis.room import panned

    quick = 0.5 + 1.1 * description.size - 0.5 * description.intensity
    length = max(0.2, min(quick, 0.9 * take.seconds))
    starts = events(description, take, 1.25 * length if description.count else 1e6, 0.0)
    nearness, place = take.silence(), take.silence()
    for at in starts:
        after = take.times() - at - 0.5 * length
        if take.loop:
            after = (after + take.seconds / 2) % take.seconds - take.seconds / 2
        passing = np.exp(-((3.4 * after / length) ** 2))
        place = np.where(passing > nearness, np.tanh(3 * after / length), place)
        nearness = np.maximum(nearness, passing)
    return panned(_swept(nearness, description, take), 0.7 * place)


def _swept(nearness: "Floats", description: Description, take: Take) -> "Floats":
    """Return noise whose band moves up to a pitch that the size gives, as a sum of bands."""
    import numpy as np

    top = 2600 * 2 ** (1.5 - 3 * description.size)
    edges = np.geomspace(top / 16, top * 2, _BANDS + 1)
    middle = np.log2(top / 12) + nearness * np.log2(12)
    total = take.silence()
    for low, high in pairwise(edges):
        away = np.log2(np.sqrt(low * high)) - middle
        total += np.exp(-((away / 0.7) ** 2)) * take.noise(band(low, high, 24))
    return total * nearness**2
