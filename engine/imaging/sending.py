"""Images as they are sent to providers: of a type that all accept and all see alike.

Programs differ in whether they heed orientation, profile and transparency. An image that some
program could see differently is sent as `engine.imaging.decode` sees it.
"""

import io
from typing import NamedTuple

from PIL import Image

from engine.imaging.decode import decoded, format_of, is_plain, opened

JPEG_QUALITY = 95
"""Quality at which a lossy image is re-encoded."""

TAKEN = ("PNG", "JPEG", "WEBP")
"""Formats that every provider accepts."""

_LOSSY = ("JPEG", "WEBP", "AVIF")


class Sendable(NamedTuple):
    """An image ready to be sent.

    Attributes:
        data: Its bytes.
        media_type: Their type: `image/png`, `image/jpeg` or `image/webp`.
    """

    data: bytes
    media_type: str


def sendable(data: bytes) -> Sendable:
    """Return an image in full size; unchanged if every provider accepts it and sees the same.

    Raises:
        ImageError: It is not a whole image of an accepted format, or it is too large.
    """
    media_type = plain_type(data)
    if media_type is not None:
        return Sendable(data, media_type)
    with opened(data) as image:
        is_lossy = format_of(image) in _LOSSY
    return encoded(decoded(data), "JPEG" if is_lossy else "PNG", JPEG_QUALITY)


def plain_type(data: bytes, max_side: int | None = None) -> str | None:
    """Return the media type of an image that can be sent unchanged; None if it cannot.

    Args:
        data: An encoded image.
        max_side: Maximum length of its longer side in pixels.

    Raises:
        ImageError: It is not an image of an accepted format, or it is too large.
    """
    with opened(data) as image:
        kind = format_of(image)
        if kind not in TAKEN or not is_plain(image):
            return None
        if max_side is not None and max(image.size) > max_side:
            return None
        return Image.MIME[kind]


def within(image: Sendable, max_bytes: int) -> Sendable:
    """Return an image as JPEG if it has more bytes than may be sent, else unchanged.

    The result may still be too large.

    Raises:
        ImageError: It is not a whole image of an accepted format, or it is too large.
    """
    if len(image.data) <= max_bytes:
        return image
    return encoded(decoded(image.data).convert("RGB"), "JPEG", JPEG_QUALITY)


def encoded(image: Image.Image, kind: str, quality: int) -> Sendable:
    """Return pixels as a file; only JPEG uses `quality`."""
    out = io.BytesIO()
    if kind == "JPEG":
        image.save(out, kind, quality=quality)
    else:
        image.save(out, kind)
    return Sendable(out.getvalue(), Image.MIME[kind])
