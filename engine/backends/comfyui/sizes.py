"""Sizes that a latent diffusion model can make."""

import math

STEP = 8
"""Sides of a latent image are multiples of this many pixels."""

NATIVE_PIXELS = 1024 * 1024
"""Pixels of the images that SDXL was trained on (https://arxiv.org/abs/2307.01952)."""


def in_steps(side: int) -> int:
    """Nearest supported side, in pixels."""
    return max(STEP, round(side / STEP) * STEP)


def base_size(width: int, height: int) -> tuple[int, int]:
    """Width and height, in the same shape, at which a large image is generated before upscaling.

    An image that is not larger than the native size is generated at full size.
    """
    scale = min(1.0, math.sqrt(NATIVE_PIXELS / (width * height)))
    return in_steps(round(width * scale)), in_steps(round(height * scale))
