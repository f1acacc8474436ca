"""Picture files that operators hand in, checked by their content."""

import io
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from engine.capabilities.files import MAX_PICTURE_BYTES, open_regular

MAX_PIXELS = 80_000_000
"""The most pixels of a picture that is taken in: 240 MB when it is decoded."""

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_DECODER_ERRORS = (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError,
                   struct.error, zlib.error, Image.DecompressionBombError)  # fmt: skip


class PictureData(NamedTuple):
    """A picture file that was read and decodes.

    Attributes:
        data: Its bytes as they are in the file.
        media_type: `image/png`, `image/jpeg` or `image/webp`, by content.
        width: Width in pixels as stored, before any orientation that its metadata asks for.
        height: Height in pixels as stored.
    """

    data: bytes
    media_type: str
    width: int
    height: int


def read_picture(path: Path) -> PictureData:
    """Reads a PNG, JPEG or WebP file and decodes it once to see that it is whole.

    Args:
        path: The file, whatever its name ends in.

    Raises:
        ValueError: It is not a regular file, larger than `MAX_PICTURE_BYTES` or `MAX_PIXELS`, of
            another format, damaged, or cannot be read; a sentence.
    """
    try:
        with open_regular(path, MAX_PICTURE_BYTES) as stream:
            data = stream.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_PICTURE_BYTES:
        raise ValueError(f"has more than the {MAX_PICTURE_BYTES >> 20} MiB that are read")
    return check_picture(data)


def check_picture(data: bytes) -> PictureData:
    """Checks the bytes of a picture; see `read_picture`."""
    try:
        with Image.open(io.BytesIO(data), formats=list(_MEDIA_TYPES)) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise _TooLargeError
            picture.load()
            media_type = _MEDIA_TYPES[picture.format or ""]
    except (_TooLargeError, Image.DecompressionBombError):
        raise ValueError(f"has more than {MAX_PIXELS // 10**6} million pixels") from None
    except UnidentifiedImageError:
        raise ValueError("is not a PNG, JPEG or WebP picture") from None
    except _DECODER_ERRORS:
        raise ValueError("is a damaged picture: it cannot be decoded to its end") from None
    return PictureData(data, media_type, width, height)


class _TooLargeError(Exception):
    """The picture has too many pixels to be decoded."""
