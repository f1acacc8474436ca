"""Lengths of scenes: how many a film has, and the seconds of each."""

import math
from collections.abc import Sequence

SHORTEST, LONGEST = 3.0, 7.0
"""Seconds of a scene of a brief, unless an operator has other wishes."""

Bounds = tuple[float, float]
"""Least and most seconds of a scene."""


def scene_count_of(seconds: float) -> int:
    """Return the number of scenes of a film: 4 of 15 seconds, 10 of 60.

    The usual length of a scene grows with the film, from 3.75 seconds of 15 to 6 of 60, and stays
    within `SHORTEST` and `LONGEST`.
    """
    usual = min(LONGEST, 3 + seconds / 20)
    fewest, most = math.ceil(seconds / LONGEST), max(1, math.floor(seconds / SHORTEST))
    return min(max(round(seconds / usual), fewest), most)


def fitted(lengths: Sequence[float], total: float | None, bounds: Bounds | None) -> list[float]:
    """Return lengths that add up to a total and lie within bounds, in about the same proportions.

    Args:
        lengths: Lengths above 0.
        total: Their sum; None to leave it open.
        bounds: Least and most of each; None for any. They do not hold if they do not allow the
            total.
    """
    if total is None:
        return [min(max(one, bounds[0]), bounds[1]) for one in lengths] if bounds else [*lengths]
    low, high = bounds or (0.0, math.inf)
    if not low * len(lengths) <= total <= high * len(lengths):
        low, high = 0.0, math.inf
    fixed: dict[int, float] = {}
    while True:
        free = [at for at in range(len(lengths)) if at not in fixed]
        factor = (total - sum(fixed.values())) / (sum(lengths[at] for at in free) or 1.0)
        wanted = {at: lengths[at] * factor for at in free}
        held = {at: min(max(one, low), high) for at, one in wanted.items()}
        excess = sum(held.values()) - sum(wanted.values())
        beyond = {
            at: held[at]
            for at in free
            if (held[at] > wanted[at] and excess >= 0) or (held[at] < wanted[at] and excess <= 0)
        }
        if not beyond:
            return [fixed.get(at, wanted.get(at, 0.0)) for at in range(len(lengths))]
        fixed |= beyond


def seconds_of(
    durations: Sequence[float | None], total: float | None, usual: float = 4.0
) -> list[float]:
    """Return the seconds of each scene, those without a duration included.

    Scenes without one share what the others leave of the total; if nothing is left or there is no
    total, each has the usual length.

    Args:
        durations: Durations as far as they are set.
        total: Length of the whole, if it is set.
        usual: Length of a scene about which nothing is known.
    """
    missing = sum(one is None for one in durations)
    left = (total or 0.0) - sum(one for one in durations if one is not None)
    share = left / missing if missing and left > 0 else usual
    return [share if one is None else one for one in durations]
