"""Image files that operators hand in, checked by their content."""

from pathlib import Path
from typing import NamedTuple

from engine.contract.files import MAX_IMAGE_BYTES, open_regular
from engine.imaging.decode import MAX_PIXELS, check, describe
from engine.imaging.errors import ImageError, TooLargeError, UnknownFormatError

_MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
_NOT_TAKEN = "is not a PNG, JPEG or WebP image"


class ImageData(NamedTuple):
    """An image file that was read and can be decoded.

    Attributes:
        data: Its bytes, unchanged.
        media_type: `image/png`, `image/jpeg` or `image/webp`, by content.
        width: Width in pixels as stored, before any orientation in its metadata.
        height: Height in pixels as stored.
    """

    data: bytes
    media_type: str
    width: int
    height: int


def read_image(path: Path) -> ImageData:
    """Read a PNG, JPEG or WebP file and decode it once to check that it is whole.

    Args:
        path: The file, with any suffix.

    Raises:
        ValueError: It is not a regular file, larger than `MAX_IMAGE_BYTES` or `MAX_PIXELS`, of
            another format, damaged, or cannot be read; a sentence.
    """
    try:
        with open_regular(path, MAX_IMAGE_BYTES) as stream:
            data = stream.read(MAX_IMAGE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_IMAGE_BYTES:
        raise ValueError(f"has more than the {MAX_IMAGE_BYTES >> 20} MiB that are read")
    return check_image(data)


def check_image(data: bytes) -> ImageData:
    """Check the bytes of an image; see `read_image`."""
    try:
        media_type, width, height = describe(data)
        if media_type not in _MEDIA_TYPES:
            raise ValueError(_NOT_TAKEN)
        check(data)
    except TooLargeError:
        raise ValueError(f"has more than {MAX_PIXELS // 10**6} million pixels") from None
    except UnknownFormatError:
        raise ValueError(_NOT_TAKEN) from None
    except ImageError:
        raise ValueError("is a damaged image: it cannot be decoded to its end") from None
    return ImageData(data, media_type, width, height)
