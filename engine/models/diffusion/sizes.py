"""Sizes of images: those that a model can generate, and those requested."""

import math

from PIL import Image, ImageOps

from engine.imaging.decode import decoded

STEP = 8
"""Smallest number of pixels that sides of a latent diffusion model are multiples of."""


def side_step(vae_scale: int, patch: int = 1) -> int:
    """Return the number of pixels that sides have to be multiples of.

    Args:
        vae_scale: Pixels of the image for one of the latent image, on a side.
        patch: Latent pixels that a transformer combines, on a side.
    """
    return math.lcm(STEP, vae_scale * patch)


def made_size(width: int, height: int, step: int) -> tuple[int, int]:
    """Return the smallest size that can be generated and contains the requested one."""
    return math.ceil(width / step) * step, math.ceil(height / step) * step


def cropped(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return the middle of an image, in the requested size."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def opened(data: bytes) -> Image.Image:
    """Return a reference image as RGB; see `engine.imaging.decode`.

    Raises:
        ImageError: It is not an image, is damaged or too large.
    """
    return decoded(data)


def covering(image: Image.Image, width: int, height: int) -> Image.Image:
    """Return an image scaled to fill a size; the overhang on two sides is cut off evenly."""
    return ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
