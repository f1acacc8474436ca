"""The nearest of the shapes that a provider offers, if it does not support every size."""

import math
from collections.abc import Iterable


def nearest(width: int, height: int, shapes: Iterable[str]) -> str:
    """The shape whose ratio is nearest, and of those the one whose size is.

    Args:
        width: Width asked for, in pixels.
        height: Height asked for, in pixels.
        shapes: Ratios (`16:9`) or sizes in pixels (`1536x1024`).
    """

    def distance(shape: str) -> tuple[float, float]:
        wide, high = _sides(shape)
        ratio = abs(math.log(wide / high) - math.log(width / height))
        return round(ratio, 6), abs(math.log(wide * high) - math.log(width * height))

    return min(shapes, key=distance)


def _sides(shape: str) -> tuple[int, int]:
    wide, _, high = shape.replace("x", ":").partition(":")
    return int(wide), int(high)
