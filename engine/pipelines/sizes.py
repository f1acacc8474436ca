"""Sizes of pictures: what a model can make, and what was asked for."""

import io
import math

from PIL import Image, ImageOps

from engine.imaging.png import to_png

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
    """A reference picture, decoded and upright, as RGB.

    Raises:
        PictureError: It is no picture, or too large.
    """
    with Image.open(io.BytesIO(to_png(data)), formats=("PNG",)) as picture:
        upright = ImageOps.exif_transpose(picture)
        if upright.has_transparency_data:  # what cannot be seen has any colour at all
            upright = Image.alpha_composite(
                Image.new("RGBA", upright.size, "white"), upright.convert("RGBA")
            )
        return upright.convert("RGB")


def covering(picture: Image.Image, width: int, height: int) -> Image.Image:
    """A picture scaled to fill a size; what hangs over on two sides is cut off evenly."""
    return ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
