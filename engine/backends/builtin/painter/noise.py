"""Fractal noise whose random numbers do not depend on the size in pixels.

An image of 256 pixels is therefore the small version of the one of 1024, not another image.
"""

import math

import numpy as np
from PIL import Image

from engine.imaging.measure.colour import Array

HALF_ABOVE = 200_000
"""Pixels above which a smooth field is computed at half size and enlarged."""


def enlarge(grid: Array, shape: tuple[int, int]) -> Array:
    """Resample a field of shape (h, w) to `shape` with a bicubic filter."""
    image = Image.fromarray(np.ascontiguousarray(grid, dtype=np.float32))
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32)


def fractal(
    rng: np.random.Generator,
    shape: tuple[int, int],
    cells: float,
    octaves: int = 5,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> Array:
    """Fractional Brownian motion (B. Mandelbrot, J. Van Ness, 1968) by summed value noise.

    Args:
        rng: Source of the random lattices.
        shape: Height and width in pixels.
        cells: Lattice cells along the shorter side in the coarsest octave.
        octaves: Number of lattices, each twice as fine as the one before.
        gain: Amplitude of an octave relative to the one before.
        stretch: How many times wider than high a cell is.

    Returns:
        A float32 field of `shape`, mean about 0, standard deviation about 1.
    """
    height, width = shape
    if height * width > HALF_ABOVE:
        half = (math.ceil(height / 2), math.ceil(width / 2))
        return enlarge(fractal(rng, half, cells, octaves, gain, stretch), shape)
    unit = min(shape)
    total: Array = np.zeros(shape, dtype=np.float32)
    power = 0.0
    for octave in range(octaves):
        count = cells * 2**octave
        rows = max(2, round(height / unit * count) + 2)
        columns = max(2, round(width / unit * count / stretch) + 2)
        lattice = rng.standard_normal((rows, columns), dtype=np.float32)
        total += gain**octave * enlarge(lattice, shape)
        power += gain ** (2 * octave)
    return np.asarray(total / (0.72 * math.sqrt(power)), dtype=np.float32)


def profile(
    rng: np.random.Generator,
    width: int,
    cells: float,
    octaves: int,
    gain: float = 0.5,
    smooth: bool = True,
) -> Array:
    """A line of fractal heights for a skyline, about -1..1, shape (width,).

    Args:
        rng: Source of the heights.
        width: Number of samples.
        cells: Control points across the width in the coarsest octave.
        octaves: Number of octaves.
        gain: Amplitude of an octave relative to the one before.
        smooth: Rounded hills; otherwise straight flanks that meet in peaks.
    """
    position = (np.arange(width) + 0.5) / width
    total = np.zeros(width)
    scale = 0.0
    for octave in range(octaves):
        count = max(1, round(cells * 2**octave))
        heights = rng.uniform(-1, 1, count + 3)
        at = position * count + rng.uniform(0, 1)
        left = np.minimum(at.astype(int), count + 1)
        part = at - left
        if smooth:
            part = part * part * (3 - 2 * part)
        total += gain**octave * (heights[left] * (1 - part) + heights[left + 1] * part)
        scale += gain**octave
    return np.asarray(total / scale)


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Rise from 0 at `low` to 1 at `high` with no corner at either end."""
    part = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(part * part * (3 - 2 * part))
