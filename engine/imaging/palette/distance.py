"""Distance of an image from a palette, and its likeness to what it was before.

Distances are in OKLab, times 100: about 2 is just visible side by side, 10 is another colour.
"""

import numpy as np
from PIL import Image

from engine.imaging.measure.colour import Array, oklab

SAMPLES = 20_000
"""Maximum number of pixels that are measured, on a regular grid."""

_BLOCK = 8
_SOME_BLOCKS = 4096
_DIRECTIONS, _QUANTILES = 48, 256
_LUMA = np.array([0.299, 0.587, 0.114])
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def sampled(image: Image.Image) -> Array:
    """Return pixels of an RGB image in OKLab, of shape (pixels, 3)."""
    pixels = np.asarray(image).reshape(-1, 3)
    step = max(1, len(pixels) // SAMPLES)
    while step > 1 and image.width % step == 0:  # a step of whole rows would miss columns
        step += 1
    return oklab(pixels[::step] / 255.0)


def nearest_distance(pixels: Array, palette: Array) -> float:
    """Return the mean distance to the nearest colour of a palette.

    Args:
        pixels: Colours in OKLab, of shape (pixels, 3).
        palette: Colours in OKLab, of shape (colours, 3).
    """
    return float(100 * _distances(pixels, palette).min(axis=1).mean())


def least_share(pixels: Array, palette: Array) -> float:
    """Return the share of pixels that are nearest to the rarest colour of a palette, 0 to 1."""
    nearest = _distances(pixels, palette).argmin(axis=1)
    return float(np.bincount(nearest, minlength=len(palette)).min() / len(pixels))


def spread_distance(pixels: Array, palette: Array) -> float:
    """Return the sliced Wasserstein distance to a palette with equal shares (N. Bonneel, 2015)."""
    levels = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    places = np.minimum((levels * len(palette)).astype(int), len(palette) - 1)
    directions = np.random.default_rng(9).normal(size=(_DIRECTIONS, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    seen = np.quantile(pixels @ directions.T, levels, axis=0)
    wanted = np.sort(palette @ directions.T, axis=0)[places]
    return float(100 * np.abs(seen - wanted).mean())


def structural_similarity(one: Image.Image, other: Image.Image) -> float:
    """Return the similarity of two RGB images in luma, up to 1 (Z. Wang et al., 2004).

    Its windows are the blocks of 8 x 8 pixels; a rest at the edges does not count.
    """
    first, second = _blocks(one), _blocks(other)
    mean_1, mean_2 = first.mean(axis=-1), second.mean(axis=-1)
    both = (first * second).mean(axis=-1) - mean_1 * mean_2
    spread = first.var(axis=-1) + second.var(axis=-1)
    level = (2 * mean_1 * mean_2 + _C1) / (mean_1**2 + mean_2**2 + _C1)
    return float((level * (2 * both + _C2) / (spread + _C2)).mean())


def some_blocks(image: Image.Image) -> Image.Image:
    """Return blocks of an RGB image below each other, at most 4096, spread evenly over it.

    The image after a change of colours is about as similar to that before as these blocks are.
    """
    rows, columns = image.height // _BLOCK, image.width // _BLOCK
    if not rows * columns:
        return image
    pixels = np.asarray(image)[: rows * _BLOCK, : columns * _BLOCK]
    parts = pixels.reshape(rows, _BLOCK, columns, _BLOCK, 3).swapaxes(1, 2)
    parts = parts.reshape(rows * columns, _BLOCK, _BLOCK, 3)
    places = np.linspace(0, len(parts) - 1, min(len(parts), _SOME_BLOCKS)).astype(int)
    return Image.fromarray(parts[places].reshape(-1, _BLOCK, 3))


def _blocks(image: Image.Image) -> Array:
    """Return the luma of each block, of shape (blocks, pixels)."""
    rows, columns = (max(1, side // _BLOCK) for side in (image.height, image.width))
    luma = np.asarray(image)[: rows * _BLOCK, : columns * _BLOCK] @ _LUMA.astype(np.float32)
    if min(luma.shape) < _BLOCK:
        return luma.reshape(1, -1)
    parts = luma.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    return np.asarray(parts.reshape(rows * columns, -1))


def _distances(pixels: Array, palette: Array) -> Array:
    """Return all distances, of shape (pixels, colours)."""
    return np.asarray(np.linalg.norm(pixels[:, None] - palette[None], axis=-1))
