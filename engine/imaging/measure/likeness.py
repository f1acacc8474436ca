"""Similarity of two images in colour and in layout.

Colour: the sliced Wasserstein distance (N. Bonneel et al., "Sliced and Radon Wasserstein
barycenters of measures", JMIV 51, 2015) between the pixels' distributions in CIELAB under D65
(CIE 15:2004): the work of carrying one image's colours to the other's, as a mean distance over
fixed directions. Layout: the index of structural similarity (Z. Wang et al., "Image quality
assessment: from error visibility to structural similarity", IEEE TIP 13, 2004) in its global form,
over a coarse grid of lightness.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.imaging.measure.colour import Array, linear, oklab
from engine.imaging.measure.image import opened

SIDE = 64
"""Width and height of the copy whose colours are compared."""

GRID = 12
"""Cells along every side of the layout."""

DIRECTIONS, QUANTILES = 48, 256
"""Directions of the sliced distance, and quantiles along each."""

_C1, _C2 = 0.01**2, 0.03**2
"""The constants of the structural similarity for a range of 1, K1 = 0.01 and K2 = 0.03."""

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


@dataclass(frozen=True, slots=True)
class Imprint:
    """Data of an image that a comparison needs.

    Attributes:
        colours: Quantiles of its colours along every direction, shape (`DIRECTIONS`,
            `QUANTILES`), CIELAB.
        layout: OKLab lightness of every cell, shape (`GRID`, `GRID`), 0..1.
    """

    colours: Array
    layout: Array


def imprint(image: bytes) -> Imprint:
    """Return the imprint of an encoded image.

    Raises:
        ValueError: The bytes are not an image that can be read safely.
    """
    decoded = opened(image)
    small = np.asarray(decoded.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float64) / 255
    coarse = np.asarray(decoded.resize((GRID, GRID), Image.Resampling.BOX), dtype=np.float64) / 255
    along = cielab(small.reshape(-1, 3)) @ _directions().T
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return Imprint(np.quantile(along, levels, axis=0).T, oklab(coarse)[..., 0])


def palette_distance(one: Imprint, other: Imprint) -> float:
    """Sliced Wasserstein distance of the colours: 0 for the same, about 50 for black and white.

    In units of CIELAB, where 2.3 is just noticed side by side; an average over directions, so
    about half of the plain distance between two flat colours.
    """
    return float(np.abs(one.colours - other.colours).mean())


def layout_similarity(one: Imprint, other: Imprint) -> float:
    """Structural similarity of light and dark, -1 (turned over) to 1 (the same)."""
    a, b = one.layout, other.layout
    mean_a, mean_b = float(a.mean()), float(b.mean())
    both = float(((a - mean_a) * (b - mean_b)).mean())
    light = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    return float(light * (2 * both + _C2) / (float(a.var()) + float(b.var()) + _C2))


def cielab(rgb: Array) -> Array:
    """CIELAB under D65 of sRGB values of 0..1; shape (..., 3)."""
    share = linear(rgb) @ _TO_XYZ.T / _WHITE
    f = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    bright, red, blue = f[..., 1], f[..., 0] - f[..., 1], f[..., 1] - f[..., 2]
    return np.stack([116 * bright - 16, 500 * red, 200 * blue], axis=-1)


def _directions() -> Array:
    """Directions spread evenly over the half sphere, by the golden angle; shape (n, 3)."""
    at = np.arange(DIRECTIONS)
    height = (at + 0.5) / DIRECTIONS
    turn = at * np.pi * (3 - np.sqrt(5))
    out = np.sqrt(1 - height**2)
    return np.stack([out * np.cos(turn), out * np.sin(turn), height], axis=-1)
