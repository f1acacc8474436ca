"""Animatics: still images, each shown for its time, as a silent film."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.video.cuts import frame_at
from engine.video.encode import encode
from engine.video.quality import ANIMATIC_RATE, ENCODINGS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

MAX_SIDE = 1280
"""Longer side of an animatic in pixels, at most."""


def animatic(images: Sequence[bytes], ends: Sequence[float], size: tuple[int, int]) -> bytes:
    """Return a film of images as an MP4 file.

    Args:
        images: Encoded images; one of another shape has black bars.
        ends: Time at which each ends, in seconds, ascending.
        size: Width and height to fit into, in pixels.

    Raises:
        ImportError: PyAV is missing.
        ValueError: An image cannot be read.
    """
    scale = min(1.0, MAX_SIDE / max(size))
    film = (_even(size[0] * scale), _even(size[1] * scale))
    return encode(_frames(images, ends, film), film, Fraction(ANIMATIC_RATE), ENCODINGS["fast"])


def _even(length: float) -> int:
    return max(16, round(length / 2) * 2)


def _frames(
    images: Sequence[bytes], ends: Sequence[float], film: tuple[int, int]
) -> "Iterator[NDArray[np.uint8]]":
    """Yield the planes of each frame: those of an image again and again until its end."""
    first, rate = 0, Fraction(ANIMATIC_RATE)
    for number, (image, end) in enumerate(zip(images, ends, strict=True)):
        stop = max(frame_at(end, rate), number + 1)
        planes = _planes(_boxed(image, film))
        for _ in range(first, stop):
            yield planes
        first = max(first, stop)


def _boxed(data: bytes, film: tuple[int, int]) -> "Image":
    """Return an image in the middle of a black frame, as large as it fits."""
    from PIL import Image, ImageOps

    from engine.imaging.decode import decoded

    return ImageOps.pad(decoded(data, near=film), film, Image.Resampling.LANCZOS)


def _planes(image: "Image") -> "NDArray[np.uint8]":
    """Return an image as I420 (BT.709, limited range), of shape (1.5 * height, width)."""
    import av
    import numpy as np

    frame = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), format="rgb24")
    limited = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    return np.asarray(limited.to_ndarray(), np.uint8)
