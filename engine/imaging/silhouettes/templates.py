"""Templates of shapes at a size: the points of their contours with directions, and their masks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.imaging.measure.colour import Array, Indices, Mask
from engine.imaging.silhouettes.curves import Ring
from engine.imaging.silhouettes.edges import DIRECTIONS
from engine.imaging.silhouettes.forms import form

SIZES = tuple(round(0.12 * 1.12**step, 4) for step in range(19))
"""Sizes that are looked for: length of a local unit as a fraction of the shorter side."""

POINTS = 96
"""Points of a contour that are compared, at most."""

LEAST_SIDE, LEAST_AREA = 9, 110
"""Shorter side and area, in pixels, of the smallest shape that is recognised."""

_MARGIN, _FINE = 3, 4


@dataclass(frozen=True, slots=True)
class Template:
    """A shape at a size, in pixels around its middle.

    Attributes:
        name: Name of the thing.
        size: One of `SIZES`.
        points: Offsets of the contour's points from the middle, down and across, shape (n, 2).
        directions: Direction of the contour at each, shape (n,).
        mask: The shape, shape (h, w).
        coloured: The part of it that has the thing's colour.
    """

    name: str
    size: float
    points: Indices
    directions: Indices
    mask: Mask
    coloured: Mask

    @property
    def is_seen(self) -> bool:
        """True if it is large enough to be recognised."""
        rows, columns = self.mask.any(axis=1).sum(), self.mask.any(axis=0).sum()
        return bool(min(rows, columns) >= LEAST_SIDE and self.mask.sum() >= LEAST_AREA)


def templates(name: str, unit: int) -> list[Template]:
    """Return the templates of a thing for an image with a shorter side of `unit` pixels."""
    sides = (False, True) if form(name).mirrors else (False,)
    every = (_template(name, size, flip, unit) for size in SIZES for flip in sides)
    return [one for one in every if one.is_seen]


@lru_cache(maxsize=2048)
def _template(name: str, size: float, flip: bool, unit: int) -> Template:
    shape = form(name)
    sign = np.array([-1.0 if flip else 1.0, -1.0])
    scale = size * unit
    every = np.concatenate([np.asarray(ring, float) for ring in shape.rings]) * sign
    corner = every.min(axis=0)
    width, height = (math.ceil(side * scale) + 2 * _MARGIN + 1 for side in np.ptp(every, axis=0))

    def drawn(rings: Sequence[Ring]) -> Image.Image:
        sheet = Image.new("L", (width * _FINE, height * _FINE))
        pen = ImageDraw.Draw(sheet)
        for ring in rings:
            placed = ((np.asarray(ring, float) * sign - corner) * scale + _MARGIN) * _FINE
            pen.polygon([(float(x), float(y)) for x, y in placed], fill=255)
        return sheet.reduce(_FINE)

    whole = drawn(shape.rings)
    points, directions = _contour(whole)
    return Template(name, size, points, directions, _solid(whole), _solid(drawn(shape.coloured)))


def _solid(sheet: Image.Image) -> Mask:
    solid: Mask = np.asarray(sheet) > 127
    return solid


def _contour(sheet: Image.Image) -> tuple[Indices, Indices]:
    """Return points along the edge of a shape, as offsets from its middle, and directions."""
    soft = np.asarray(sheet.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32) / 255
    down: Array = np.gradient(soft, axis=0)
    across: Array = np.gradient(soft, axis=1)
    mask = _solid(sheet)
    rows, columns = np.nonzero(mask & ~shrunk(mask) & (np.hypot(down, across) > 0.08))
    kept = np.unique(np.linspace(0, len(rows) - 1, min(POINTS, len(rows))).astype(int))
    rows, columns = rows[kept], columns[kept]
    angle: Array = np.arctan2(down[rows, columns], across[rows, columns]) % math.pi
    directions: Indices = np.round(angle / math.pi * DIRECTIONS).astype(int) % DIRECTIONS
    middle = (mask.shape[0] // 2, mask.shape[1] // 2)
    return np.stack([rows - middle[0], columns - middle[1]], axis=1), directions


def shrunk(mask: Mask, times: int = 1) -> Mask:
    """Return a mask without the pixels at its edge."""
    for _ in range(times):
        p = np.pad(mask, 1)
        mask = p[1:-1, 1:-1] & p[:-2, 1:-1] & p[2:, 1:-1] & p[1:-1, :-2] & p[1:-1, 2:]
    return mask


def grown(mask: Mask, times: int = 1) -> Mask:
    """Return a mask with the pixels around it."""
    for _ in range(times):
        p = np.pad(mask, 1)
        mask = p[1:-1, 1:-1] | p[:-2, 1:-1] | p[2:, 1:-1] | p[1:-1, :-2] | p[1:-1, 2:]
    return mask
