"""Colours of single pixels."""

from PIL import Image


def pixel(image: Image.Image, at: tuple[int, int] = (0, 0)) -> tuple[int, ...]:
    """The values of a pixel, one per band."""
    value = image.getpixel(at)
    assert value is not None
    return value if isinstance(value, tuple) else (int(value),)
