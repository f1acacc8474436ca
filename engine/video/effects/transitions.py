"""Transitions that show two shots at once."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.video.effects.dissolve import dissolve
from engine.video.effects.noise import share_of, smooth
from engine.video.plan import Transition

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

View = Callable[[float], "Frame"]
"""A frame of a shot with a zoom on top of its movement."""

EDGE = 0.06
"""Width of the soft edge of a wipe as a share of the frame."""

_STRIPS = 16
"""Steps of the soft edge of a wipe."""


def join(kind: Transition, before: View, after: View, part: float, seed: int) -> "Frame":
    """Return a frame of a transition.

    Args:
        kind: The transition: a dissolve, a wipe, or a zoom.
        before: The shot before the cut.
        after: The shot after the cut.
        part: Place in the transition, 0 to 1.
        seed: Seed of the direction of a wipe.
    """
    if kind == "wipe":
        return wipe(before(1.0), after(1.0), smooth(part), seed)
    if kind == "zoom-in":  # through the first into the second
        zooms, part = (1 + 0.6 * part * part, 1 - 0.15 * (1 - part) ** 2), _late(part)
    elif kind == "zoom-out":
        zooms, part = (1 - 0.15 * part * part, 1 + 0.6 * (1 - part) ** 2), _late(part)
    else:
        zooms = 1.0, 1.0
    return dissolve(before(zooms[0]), after(zooms[1]), part)


def _late(part: float) -> float:
    """Return the share of the second shot in a zoom: most of the change is in the middle third."""
    return smooth((part - 0.25) / 0.5)


def wipe(first: "Frame", second: "Frame", part: float, seed: int) -> "Frame":
    """Return the first frame with the second wiped over a part of it, with a soft edge.

    Args:
        first: BGRA pixels, which are changed.
        second: BGRA pixels of the same shape.
        part: Share of the frame that the second takes, 0 to 1.
        seed: Seed of the direction: right, left, down or up.
    """
    direction = int(4 * share_of(seed, 17))
    upper, lower = first, second
    if direction >= 2:
        upper, lower = upper.transpose(1, 0, 2), lower.transpose(1, 0, 2)
    if direction % 2:
        upper, lower = upper[:, ::-1], lower[:, ::-1]
    _wipe_right(upper, lower, part)
    return first


def _wipe_right(first: "Frame", second: "Frame", part: float) -> None:
    width = first.shape[1]
    edge = max(round(EDGE * width), 1)
    start = round(part * (width + edge)) - edge
    first[:, : max(start, 0)] = second[:, : max(start, 0)]
    for strip in range(_STRIPS):
        low = min(max(start + strip * edge // _STRIPS, 0), width)
        high = min(max(start + (strip + 1) * edge // _STRIPS, 0), width)
        if low < high:
            weight = 1 - (strip + 0.5) / _STRIPS
            mix = dissolve(first[:, low:high].copy(), second[:, low:high].copy(), weight)
            first[:, low:high] = mix
