"""Colour tables that pull colours softly towards a palette, in OKLab (B. Ottosson, 2020).

Lightness first moves a part of the way to the palette's, by a monotone map between the quantiles
of both. Each colour then moves towards a mean of the palette's colours, weighted by a bell over
their distances, in which hue counts more than lightness. Nothing depends on a pixel's place, so
that there are no seams, and gradients stay smooth.
"""

import numpy as np
from PIL import ImageFilter

from engine.imaging.measure.colour import Array, oklab, srgb

SIDE = 33
"""Nodes along each side of a table."""

_WIDTH = 0.09
_HUE_WEIGHT = 1.6
_LEVELS_MOVED = 0.25
_LIGHTNESS_PULLED = 0.65
_QUANTILES = 65


def pull_table(
    lightness: Array, palette: Array, strength: float, lightness_strength: float = 1.0
) -> Array:
    """Return the colours to which the nodes of a table are moved, as sRGB, 0 to 1.

    Args:
        lightness: OKLab lightness of an image's pixels, or of some of them.
        palette: Colours in OKLab, of shape (colours, 3).
        strength: 0 (not at all) to 1 (onto the hues of the weighted means).
        lightness_strength: Part of the strength with which lightness moves too, 0 to 1.

    Returns:
        Shape (SIDE, SIDE, SIDE, 3), indexed by blue, green and red.
    """
    moved = oklab(_nodes()).reshape(-1, 3)
    share = strength * lightness_strength
    levels = _mapped(moved[:, 0], lightness, palette)
    moved[:, 0] += share * _LEVELS_MOVED * (levels - moved[:, 0])
    pull = _weighted(moved, palette) - moved
    moved += pull * np.array([share * _LIGHTNESS_PULLED, strength, strength])
    return srgb(moved).reshape(SIDE, SIDE, SIDE, 3)


def as_filter(table: Array) -> ImageFilter.Color3DLUT:
    """Return a table as a filter of Pillow."""
    return ImageFilter.Color3DLUT(SIDE, table.astype(np.float32).reshape(-1))


def _nodes() -> Array:
    steps = np.linspace(0, 1, SIDE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    return np.stack([red, green, blue], axis=-1)


def _mapped(values: Array, lightness: Array, palette: Array) -> Array:
    """Return lightness that is spread as that of the palette and its blends."""
    levels = np.linspace(0, 1, _QUANTILES)
    return np.interp(values, np.quantile(lightness, levels), _palette_levels(palette, levels))


def _palette_levels(palette: Array, levels: Array) -> Array:
    """Return quantiles of a palette's lightness: half on its colours, half on blends between."""
    lights = np.sort(palette[:, 0])
    places = np.linspace(0, len(lights) - 1, 8 * _QUANTILES)
    blends = np.interp(places, np.arange(len(lights)), lights)
    exact = np.repeat(lights, -(-len(blends) // len(lights)))[: len(blends)]
    return np.asarray(np.quantile(np.concatenate([blends, exact]), levels))


def _weighted(colours: Array, palette: Array) -> Array:
    """Return the mean of the palette for each colour, the nearest counting most."""
    apart = (colours[:, None] - palette[None]) ** 2 @ np.array([1, _HUE_WEIGHT, _HUE_WEIGHT])
    nearness = np.exp((apart.min(axis=1, keepdims=True) - apart) / (2 * _WIDTH**2))
    return np.asarray(nearness / nearness.sum(axis=1, keepdims=True) @ palette)
