"""Points, rings and the curves through them, in local coordinates: x to the right, y up."""

import math
from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]
Ring = Sequence[Point]


def curve(points: Ring, steps: int = 8, closed: bool = True) -> list[Point]:
    """A smooth line through control points (Catmull-Rom spline, 1974)."""
    p = np.asarray(points, dtype=np.float64)
    ends = (p[-1:], p[:2]) if closed else (p[:1], p[-1:])
    p = np.concatenate([ends[0], p, ends[1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    out = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        out.append(
            b
            + 0.5 * (c - a) * t
            + 0.5 * (2 * a - 5 * b + 4 * c - d) * t**2
            + 0.5 * (3 * b - 3 * c + d - a) * t**3
        )
    line = np.concatenate(out)
    return [(float(x), float(y)) for x, y in line]


def disc(centre: Point, radius: float, sides: int = 48, squash: float = 1.0) -> list[Point]:
    """A circle, or an ellipse `squash` times as high as wide, as an outline."""
    turn = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    return [
        (centre[0] + radius * math.cos(angle), centre[1] + radius * squash * math.sin(angle))
        for angle in turn
    ]


def box(left: float, bottom: float, right: float, top: float) -> list[Point]:
    """A rectangle as an outline; y goes up."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)]
