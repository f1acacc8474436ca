"""Sizes of images: what a model can make, and what was asked for."""

import math

from PIL import Image, ImageOps

from engine.imaging.decode import decoded

STEP = 8
"""Sides that a latent diffusion model makes are multiples of this many pixels at least."""


def side_step(vae_scale: int, patch: int = 1) -> int:
    """What sides have to be multiples of, in pixels.

    Args:
        vae_scale: Pixels of the image for one of the latent image, on a side.
        patch: Latent pixels that a transformer takes as one, on a side.
    """
    return math.lcm(STEP, vae_scale * patch)


def made_size(width: int, height: int, step: int) -> tuple[int, int]:
    """The smallest size that can be made and holds the one that is asked for."""
    return math.ceil(width / step) * step, math.ceil(height / step) * step


def cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of an image, in the size that was asked for."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def opened(data: bytes) -> Image.Image:
    """A reference image as RGB; see `engine.imaging.decode`.

    Raises:
        ImageError: It is no image, damaged or too large.
    """
    return decoded(data)


def covering(image: Image.Image, width: int, height: int) -> Image.Image:
    """An image scaled to fill a size; what hangs over on two sides is cut off evenly."""
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
