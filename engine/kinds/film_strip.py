"""Shots of a film as one image: each as wide as it is long, in its own small image or colours."""

import base64
import binascii
import io
from typing import TYPE_CHECKING

from engine.imaging.errors import ImageError
from engine.video.outline import FilmOutline, OutlinedShot

if TYPE_CHECKING:
    from PIL.Image import Image

_PAPER = "#11151C"
_BLANK = "#3A4250"
_EDGE_FROM = 40
"""Height in pixels from which shots have a dark edge."""


def strip_of(film: FilmOutline, size: tuple[int, int], margin: int = 0) -> bytes:
    """Return the shots of a film side by side, as PNG.

    Args:
        film: The film.
        size: Width and height of the shots in pixels.
        margin: Empty pixels on the left of them.
    """
    from PIL import Image

    width, height = size
    strip = Image.new("RGB", (margin + width, height), _PAPER)
    images = [_decoded(text) for text in film.images]
    for shot in film.shots:
        first, last = (round(at / film.seconds * width) for at in (shot.start, shot.end))
        if last > first:
            known = None if shot.image is None else images[shot.image]
            part = _block(film, shot, known, (last - first, height))
            strip.paste(part, (margin + first, 0))
    out = io.BytesIO()
    strip.save(out, "PNG", compress_level=1)
    return out.getvalue()


def _decoded(text: str) -> "Image | None":
    from engine.imaging.decode import decoded

    try:
        return decoded(io.BytesIO(base64.b64decode(text, validate=True)), max_pixels=1 << 20)
    except (ImageError, binascii.Error, ValueError):
        return None


def _block(
    film: FilmOutline, shot: OutlinedShot, image: "Image | None", size: tuple[int, int]
) -> "Image":
    """Return a shot: the middle of its image, or the colours of its section from top to bottom."""
    from PIL import Image, ImageDraw, ImageOps

    if image is not None:
        block = ImageOps.fit(image, size, Image.Resampling.BICUBIC)
    else:
        block = Image.new("RGB", size, _BLANK)
        palette = _palette_at(film, shot.start)
        draw = ImageDraw.Draw(block)
        for number, colour in enumerate(palette):
            top, end = (size[1] * at // len(palette) for at in (number, number + 1))
            draw.rectangle((0, top, size[0], max(top, end - 1)), fill=colour)
    if size[1] >= _EDGE_FROM:
        ImageDraw.Draw(block).line((0, 0, 0, size[1]), fill=_PAPER)
    return block


def _palette_at(film: FilmOutline, time: float) -> tuple[str, ...]:
    within = (one for one in film.sections if one.start <= time + 1e-6 < one.end)
    return next((one.palette for one in within), ())
