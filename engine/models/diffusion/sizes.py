"""Sizes of pictures: what a model can make, and what was asked for."""

import math

from PIL import Image, ImageOps

from engine.imaging.decode import decoded

STEP = 8
"""Sides that a latent diffusion model makes are multiples of this many pixels at least."""


def side_step(vae_scale: int, patch: int = 1) -> int:
    """What sides have to be multiples of, in pixels.

    Args:
        vae_scale: Pixels of the picture for one of the latent picture, on a side.
        patch: Latent pixels that a transformer takes as one, on a side.
    """
    return math.lcm(STEP, vae_scale * patch)


def made_size(width: int, height: int, step: int) -> tuple[int, int]:
    """The smallest size that can be made and holds the one that is asked for."""
    return math.ceil(width / step) * step, math.ceil(height / step) * step


def cropped(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of a picture, in the size that was asked for."""
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def opened(data: bytes) -> Image.Image:
    """A reference picture as RGB; see `engine.imaging.decode`.

    Raises:
        PictureError: It is no picture, damaged or too large.
    """
    return decoded(data)


def covering(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture scaled to fill a size; what hangs over on two sides is cut off evenly."""
    return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
