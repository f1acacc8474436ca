"""The outlines of `shapes.toml`, as rings ready to be cut."""

import math
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from engine.imaging.silhouettes.curves import Point, Ring, curve

TURNED = "turned"
"""The table of outlines of turned wares; every other table is a silhouette."""


def outline(name: str, *kinds: str) -> list[Ring]:
    """The rings of a silhouette, of all the kinds that are named, in local coordinates."""
    return [ring for kind in kinds for ring in _silhouettes()[name].get(kind, [])]


@cache
def turned(name: str) -> list[Point]:
    """The right-hand outline of a turned ware, smooth, from its foot to its rim."""
    points: list[Point] = [(float(x), float(y)) for x, y in _tables()[TURNED][name]]
    return [*curve(points, closed=False), points[-1]]


@cache
def _silhouettes() -> dict[str, dict[str, list[Ring]]]:
    return {name: _rings(entry) for name, entry in _tables().items() if name != TURNED}


@cache
def _tables() -> dict[str, Any]:
    text = files("engine.imaging.silhouettes").joinpath("shapes.toml").read_text("utf-8")
    return tomllib.loads(text)


def _rings(entry: dict[str, Any]) -> dict[str, list[Ring]]:
    out: dict[str, list[Ring]] = {}
    for kind, rings in entry.items():
        points = [[(float(x), float(y)) for x, y in ring] for ring in rings]
        if kind.startswith("sharp"):
            out[kind] = [*points]
        elif kind == "lines":
            out[kind] = [stroke(curve(line, closed=False), 0.022) for line in points]
        else:
            out[kind] = [curve(ring) for ring in points]
    return out


def stroke(line: list[Point], wide: float) -> Ring:
    """A line as a thin ring that tapers towards its end; `wide` at its start."""
    sides: tuple[list[Point], list[Point]] = ([], [])
    for at, (x, y) in enumerate(line):
        before, after = line[max(0, at - 1)], line[min(len(line) - 1, at + 1)]
        length = math.hypot(after[0] - before[0], after[1] - before[1]) or 1.0
        normal = ((before[1] - after[1]) / length, (after[0] - before[0]) / length)
        half = wide / 2 * (1 - 0.75 * at / len(line))
        sides[0].append((x + normal[0] * half, y + normal[1] * half))
        sides[1].append((x - normal[0] * half, y - normal[1] * half))
    return [*sides[0], *sides[1][::-1]]


def envelope(half: float = 0.4) -> tuple[list[float], list[float]]:
    """Return half widths and heights of a hot-air balloon, from its top down to its mouth."""
    t = np.linspace(0, 1, 30)
    wide = np.sin(math.pi * t**0.72) ** 0.75 * half
    wide[0] = 0.0
    wide = np.maximum(wide, 0.055 * (t > 0.9))
    return [float(w) for w in wide], [float(h) for h in 1.0 - t * 0.95]


def lintel() -> tuple[list[Point], list[Point]]:
    """Return the lower and the upper edge of a torii's curved beam, from left to right."""
    t = [float(u) for u in np.linspace(-1, 1, 24)]
    low = [(0.68 * u, 0.84 + 0.07 * u**2) for u in t]
    return low, [(0.72 * u, 0.93 + 0.1 * u**2) for u in t]
