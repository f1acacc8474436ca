"""Smooth periodic noise and grids, the ground of flowing pictures."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]
"""Real numbers; 32 bits in all that is done per pixel."""

NOISE_SIDE = 512
"""Side of a noise in texels; it repeats after them."""


@lru_cache(maxsize=32)
def noise(cut: float, seed: int) -> Floats:
    """Return smooth noise of mean 0 and deviation 1 that repeats, shape (512, 512).

    Args:
        cut: Waves a side at which its spectrum has fallen to 1/e (Gaussian).
        seed: Seed of the noise.
    """
    values = np.random.default_rng(seed).standard_normal((NOISE_SIDE, NOISE_SIDE))
    waves = np.hypot(
        np.fft.fftfreq(NOISE_SIDE)[:, None] * NOISE_SIDE,
        np.fft.rfftfreq(NOISE_SIDE)[None] * NOISE_SIDE,
    )
    spectrum = np.fft.rfft2(values) * np.exp(-((waves / cut) ** 2)) * (waves > 0)
    smooth = np.fft.irfft2(spectrum, (NOISE_SIDE, NOISE_SIDE))
    return np.asarray(smooth / smooth.std(), np.float32)


@lru_cache(maxsize=8)
def centred(width: int, height: int) -> tuple[Floats, Floats]:
    """Return x and y of the pixels' centres, from the middle, in halves of the shorter side."""
    half = min(width, height) / 2
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)) / np.float32(half)
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5 - height / 2)) / np.float32(half)
    across, down = np.meshgrid(x, y)
    return np.ascontiguousarray(across), np.ascontiguousarray(down)


def working_size(width: int, height: int, lines: int = 540) -> tuple[int, int]:
    """Return the size a visual is computed at: at most `lines` on the short side, at least half.

    So the time of a frame has a limit, and a preview looks like the film.

    Args:
        width: Width of the frame in pixels.
        height: Height of the frame in pixels.
        lines: Wanted length of the shorter side in pixels.
    """
    short = min(width, height)
    scale = min(max(short, lines / 2), lines) / short
    return round(width * scale), round(height * scale)
