"""Edges of an image by direction: what shapes are looked for in.

The directions of gradients instead of colours (S. Hinterstoisser et al., "Gradient response maps
for real-time detection of textureless objects", IEEE TPAMI 34, 2012): a silhouette has the same
ones before a light sky and before a dark one.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from engine.imaging.measure.colour import Array, oklab
from engine.imaging.measure.image import opened

DIRECTIONS = 12
"""Number of directions, over half a turn: an edge has no sign."""

SIDE, AREA = 160, 51_200
"""Shorter side and area in pixels, at most, of the copy that is looked at."""

LEAST_SIDE = 96
"""Shorter side of the copy below which shapes are not recognised."""

FAINTEST = 0.012
"""Gradient of OKLab, per pixel, of a full edge at least."""

AROUND = 9
"""Side in pixels of the neighbourhood whose mean gradient an edge has to exceed."""

_CHROMA_GAIN = 1.5


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of an image.

    Attributes:
        lab: The reduced copy in OKLab, shape (h, w, 3).
        strength: Gradient of the channel that changes most, per pixel, shape (h, w).
        response: For each direction and pixel, how well an edge there fits, 0..1, shape
            (`DIRECTIONS`, h, w); the best of the pixel and its neighbours.
        texture: Mean weight of an edge over the image, 0..1: 0.3 for even areas, 0.7 for grain.
    """

    lab: Array
    strength: Array
    response: Array
    texture: float

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the copy."""
        height, width = self.strength.shape
        return int(height), int(width)


def edges(image: bytes) -> Edges:
    """Return the edges of an encoded image.

    Raises:
        ValueError: The bytes are not an image that can be read safely.
    """
    lab = _copy(opened(image))
    strength, angle = _gradient(lab)
    weight = np.clip(strength / np.maximum(FAINTEST, 1.2 * box_mean(strength, AROUND)), 0, 1)
    response = np.empty((DIRECTIONS, *strength.shape), np.float32)
    for at in range(DIRECTIONS):
        fit = np.clip(np.cos(2 * (angle - at * math.pi / DIRECTIONS)), 0, 1)
        response[at] = weight * fit**2
    return Edges(lab, strength, _spread(response), float(weight.mean()))


def box_mean(values: Array, side: int) -> Array:
    """Return the mean around each pixel, over a square of an odd side; edges repeat."""
    padded = np.pad(values, side // 2, mode="edge")
    sums = np.pad(padded, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    total = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.asarray(total / side**2)


def _copy(image: Image.Image) -> Array:
    scale = min(1.0, SIDE / min(image.size), math.sqrt(AREA / (image.width * image.height)))
    if scale < 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.BOX)
    soft = image.filter(ImageFilter.GaussianBlur(0.7))
    return oklab(np.asarray(soft, dtype=np.float64) / 255).astype(np.float32)


def _gradient(lab: Array) -> tuple[Array, Array]:
    """Return strength and direction (0 to pi) of the gradient of the channel that changes most."""
    if min(lab.shape[:2]) < 2:
        flat = np.zeros(lab.shape[:2], np.float32)
        return flat, flat
    down, across = np.gradient(lab, axis=(0, 1))
    size = np.hypot(down, across) * np.array([1, _CHROMA_GAIN, _CHROMA_GAIN], np.float32)
    most = size.argmax(axis=-1)[..., None]
    strength, down, across = (
        np.take_along_axis(part, most, axis=-1)[..., 0] for part in (size, down, across)
    )
    return strength, np.arctan2(down, across) % math.pi


def _spread(response: Array) -> Array:
    """Return the maximum over each pixel and its eight neighbours."""
    _, height, width = response.shape
    padded = np.pad(response, ((0, 0), (1, 1), (1, 1)))
    out = response.copy()
    for down in range(3):
        for across in range(3):
            np.maximum(out, padded[:, down : down + height, across : across + width], out=out)
    return out
