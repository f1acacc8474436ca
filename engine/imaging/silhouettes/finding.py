"""Finds silhouettes in an image: where a known shape stands, how surely, in which colour."""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from engine.imaging.measure.colour import Array, Mask
from engine.imaging.silhouettes.edges import LEAST_SIDE, Edges
from engine.imaging.silhouettes.templates import Template, grown, shrunk, templates

PROMISING = 0.84
"""Agreement of a contour from which a place is looked at as one of several."""

PEAKS = 4
"""Places that are looked at per template, at most."""

SHARED = 0.3
"""Part of the smaller of two shapes that they may share before they count as one."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place where a shape may stand.

    Attributes:
        template: The shape at its size.
        row: Middle of the shape, in pixels of the edges' copy.
        column: The same across.
        fit: Part of the contour that agrees, 0 to 1.
        features: What the likelihood is computed from; see `FEATURES`.
        likelihood: How likely it is that the thing stands there, 0 to 1.
    """

    template: Template
    row: int
    column: int
    fit: float
    features: tuple[float, ...]
    likelihood: float

    def mask(self, shape: tuple[int, int], *, coloured: bool = False) -> Mask:
        """Return the shape, or its coloured part, on a sheet of a height and width."""
        shape_mask = self.template.coloured if coloured else self.template.mask
        return _laid(shape_mask, self.row, self.column, shape)


FEATURES = ("fit", "inside", "outside", "apart", "contrast", "usual", "spread", "texture", "size")
"""Names of the features that a sighting is judged by.

fit        part of the contour along which an edge runs in its direction
inside     gradient on the contour, as a share of it and that within
outside    gradient on the contour, as a share of it and that around
apart      part of the surroundings that is unlike what is within
contrast   distance in OKLab of what is within and what is around
usual      mean of the fit over all places of the image
spread     standard deviation of the same
texture    `Edges.texture`
size       size of the template
"""


def can_look(edges: Edges) -> bool:
    """Return True if the image is large enough to recognise shapes in."""
    return min(edges.shape) >= LEAST_SIDE


def find(edges: Edges, name: str) -> Sighting | None:
    """Return the likeliest place of a thing; None if no template of it fits into the image."""
    best: tuple[float, Template, Array] | None = None
    for template in templates(name, min(edges.shape)):
        fits = _fits(edges, template)
        if best is None or float(fits.max()) > best[0]:
            best = float(fits.max()), template, fits
    if best is None:
        return None
    row, column = np.unravel_index(int(best[2].argmax()), best[2].shape)
    return _sighting(edges, best[1], best[2], int(row), int(column))


def find_all(edges: Edges, name: str, least: float) -> list[Sighting]:
    """Return every place of a thing of at least a likelihood, the likeliest first.

    Of sightings that share a part of the image the likeliest stays.
    """
    every: list[Sighting] = []
    for template in templates(name, min(edges.shape)):
        fits = _fits(edges, template)
        every += [_sighting(edges, template, fits, row, column) for row, column in _peaks(fits)]
    every = [one for one in every if one.likelihood >= least]
    every.sort(key=lambda one: (-one.likelihood, -one.fit))
    kept: list[Sighting] = []
    for one in every:
        if not any(_share(one, other, edges.shape) > SHARED for other in kept):
            kept.append(one)
    return kept


def _share(one: Sighting, other: Sighting, shape: tuple[int, int]) -> float:
    a, b = one.mask(shape), other.mask(shape)
    return float((a & b).sum() / max(1, min(a.sum(), b.sum())))


def _fits(edges: Edges, template: Template) -> Array:
    """Return how well the contour fits with its middle at each pixel, 0..1, shape (h, w)."""
    height, width = edges.shape
    total = np.zeros((height, width), np.float32)
    for (down, across), direction in zip(template.points, template.directions, strict=True):
        rows, above = _overlap(int(down), height)
        columns, left = _overlap(int(across), width)
        if rows > 0 and columns > 0:
            seen = edges.response[direction]
            total[above : above + rows, left : left + columns] += seen[
                above + down : above + down + rows, left + across : left + across + columns
            ]
    return total / len(template.points)


def _overlap(offset: int, length: int) -> tuple[int, int]:
    """Return how many places have a point at an offset inside, and the first of them."""
    return length - abs(offset), max(0, -offset)


def _peaks(fits: Array) -> list[tuple[int, int]]:
    """Return the best places of a map that are `PROMISING`, one in each neighbourhood."""
    left = np.where(fits >= PROMISING, fits, 0)
    peaks: list[tuple[int, int]] = []
    while len(peaks) < PEAKS and left.max() > 0:
        row, column = (int(at) for at in np.unravel_index(int(left.argmax()), left.shape))
        peaks.append((row, column))
        left[max(0, row - 6) : row + 7, max(0, column - 6) : column + 7] = 0
    return peaks


def _sighting(edges: Edges, template: Template, fits: Array, row: int, column: int) -> Sighting:
    fit = float(fits[row, column])
    around = _surroundings(edges, _laid(template.mask, row, column, edges.shape))
    features = (
        fit, *around, float(fits.mean()), float(fits.std()), edges.texture, template.size,
    )  # fmt: skip
    return Sighting(template, row, column, fit, features, likelihood(features))


def _laid(mask: Mask, row: int, column: int, shape: tuple[int, int]) -> Mask:
    sheet = np.zeros(shape, bool)
    top, left = row - mask.shape[0] // 2, column - mask.shape[1] // 2
    above, before = max(0, -top), max(0, -left)
    part = mask[above : shape[0] - top, before : shape[1] - left]
    sheet[top + above :, left + before :][: part.shape[0], : part.shape[1]] = part
    return sheet


def _surroundings(edges: Edges, mask: Mask) -> tuple[float, float, float, float]:
    """Return `inside`, `outside`, `apart` and `contrast` of a shape in its place."""
    inner = shrunk(mask, 2)
    inner = inner if inner.sum() >= 12 else mask
    ring = grown(mask, 4) & ~grown(mask, 2)
    edge = grown(mask) & ~shrunk(mask)
    if not inner.any() or not ring.any():
        return 0.5, 0.5, 0.0, 0.0
    on, within, around = (float(edges.strength[part].mean()) for part in (edge, inner, ring))
    middle = np.median(edges.lab[inner], axis=0)
    strays = np.linalg.norm(edges.lab[inner] - middle, axis=1)
    gaps = np.linalg.norm(edges.lab[ring] - middle, axis=1)
    apart = float((gaps > np.quantile(strays, 0.8)).mean())
    contrast = float(np.linalg.norm(np.median(edges.lab[ring], axis=0) - middle))
    return on / (on + within + 1e-4), on / (on + around + 1e-4), apart, contrast


@cache
def _weights() -> tuple[Array, float]:
    """Return the fitted weight of each feature, and the constant."""
    text = files("engine.imaging.silhouettes").joinpath("likelihood.json").read_text("utf-8")
    fitted = json.loads(text)
    return np.array([fitted["weights"][name] for name in FEATURES]), float(fitted["constant"])


def likelihood(features: tuple[float, ...]) -> float:
    """Return the likelihood of a sighting by its features: a logistic regression."""
    weights, constant = _weights()
    return 1 / (1 + math.exp(-float(weights @ np.array(features)) - constant))
