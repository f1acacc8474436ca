"""Pixels of an encoded image, as it should look, for a screen."""

from typing import IO, TYPE_CHECKING

from engine.imaging.errors import ImageError, TooLargeError, UnknownFormatError

if TYPE_CHECKING:
    from PIL.Image import Image


class NoPixels(ValueError):
    """An image cannot be decoded; the message is a sentence."""


def decode_pixels(
    source: IO[bytes], near: tuple[int, int] | None = None, *, max_pixels: int
) -> "Image":
    """Return an image of mode RGB, upright.

    Args:
        source: The encoded image.
        near: Width and height that are enough.
        max_pixels: The most pixels that are decoded.

    Raises:
        NoPixels: It is not an image, is damaged or too large.
    """
    from engine.imaging.decode import decoded

    try:
        return decoded(source, near=near, max_pixels=max_pixels)
    except UnknownFormatError:
        raise NoPixels("The file is not an image that can be shown here.") from None
    except TooLargeError:
        most = max_pixels // 10**6
        raise NoPixels(f"The image has more than {most} million pixels; open its file.") from None
    except ImageError:
        raise NoPixels("The image's file is damaged and cannot be shown.") from None
