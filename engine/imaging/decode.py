"""The only place that opens and decodes images, for whatever purpose.

Measuring, scoring, references, display and uploads all use what `decoded` returns, so that they
see the same image: the first frame, upright, in sRGB, transparent parts on white. The bytes
that are stored are never changed by it.
"""

import functools
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TypeVar

from PIL import Image, ImageFile, UnidentifiedImageError

from engine.imaging.errors import ImageError, TooLargeError, UnknownFormatError
from engine.imaging.png_stream import check_stream
from engine.imaging.srgb import flattened, profile_of

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Formats that are read, by content; none of these starts another program."""

MAX_PIXELS = 8192 * 8192
"""Images of more pixels than this are refused before they are decoded."""

_UNKNOWN = "this is not an image of a known format"
_JPEGS = ("JPEG", "MPO")
"""A file of several JPEG images, as phones and cameras write it, is a JPEG: the first one."""

_ORIENTATION = 0x0112  # Exif 2.32, tag Orientation
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ON_ITS_SIDE = 5
"""Orientations from here on swap width and height."""

_PLAIN_MODES = ("1", "L", "P", "RGB")

T = TypeVar("T")

# Pillow's remarks on a file's metadata do not belong in a terminal.
warnings.filterwarnings("ignore", module=r"PIL\.")


def describe(data: bytes) -> tuple[str, int, int]:
    """Return the type and size of an image by its content, read from its header alone.

    Returns:
        Media type, width and height in pixels (as stored, before any EXIF orientation).

    Raises:
        ImageError: It is not an image of an accepted format, or it is too large.
    """
    with opened(data) as image:
        return Image.MIME[format_of(image)], image.width, image.height


def describe_stream(stream: IO[bytes]) -> tuple[str, int, int]:
    """Return the same as `describe`, for a seekable stream."""
    with opened(stream) as image:
        return Image.MIME[format_of(image)], image.width, image.height


def looks_like_image(data: bytes) -> bool:
    """Return whether the first bytes are those of an image: most other files stop here."""
    head = data[:16]
    for accept in _accepts():  # noqa: SIM110 - asked of every small file
        if accept is None or accept(head):
            return True
    return False


def check(data: bytes) -> None:
    """Decode an image to its end and discard the result.

    Raises:
        ImageError: It is not a whole image of an accepted format, or it is too large.
    """
    with opened(data) as image:
        if image.format == "PNG":
            check_stream(data)
        load(image)


def decoded(
    source: bytes | IO[bytes],
    near: tuple[int, int] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Image.Image:
    """Return an image as it should look: upright, in sRGB, transparent parts on white.

    Args:
        source: An encoded image.
        near: Width and height that are enough; a JPEG is then decoded at a fraction of its size
            that is no smaller.
        max_pixels: The most pixels that are decoded.

    Returns:
        An image of mode RGB.

    Raises:
        ImageError: It is not an image of an accepted format, is damaged or too large.
    """
    with opened(source) as image:
        if near is not None and format_of(image) == "JPEG":
            image.draft("RGB", near if orientation(image) < _ON_ITS_SIDE else near[::-1])
        if image.width * image.height > max_pixels:
            raise _too_large(image)
        load(image)
        return _decoding(lambda: upright(image, flattened(image)))


@contextmanager
def opened(source: bytes | IO[bytes]) -> Iterator[Image.Image]:
    """Return an image of which only the header has been read.

    Raises:
        ImageError: It is not an image of an accepted format, or it is too large.
    """
    image = _open(source)
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(image)
        yield image


def load(image: Image.Image) -> None:
    """Decode an opened image's first frame, to its end.

    Raises:
        ImageError: It is damaged.
    """
    # A package that shares the process may have told Pillow to make up what is missing.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    _decoding(image.load)


def upright(image: Image.Image, pixels: Image.Image) -> Image.Image:
    """Return pixels rotated as the metadata of their image says."""
    turn = _TURNS.get(orientation(image))
    return pixels if turn is None else pixels.transpose(turn)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of an image, 1 to 8; 1 if none can be read."""
    try:
        value = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 - the metadata of a whole image may be broken in any way
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def format_of(image: Image.Image) -> str:
    """Return the format of an opened image, one of `FORMATS`."""
    return "JPEG" if image.format in _JPEGS else str(image.format)


def is_plain(image: Image.Image) -> bool:
    """Return whether an opened image looks the same in any program, whatever that heeds."""
    return (
        image.mode in _PLAIN_MODES
        and "transparency" not in image.info
        and getattr(image, "n_frames", 1) == 1
        and orientation(image) == 1
        and profile_of(image) is None
    )


def _open(source: bytes | IO[bytes]) -> Image.Image:
    if isinstance(source, bytes):
        if not looks_like_image(source):
            raise UnknownFormatError(_UNKNOWN)
        source = io.BytesIO(source)
    try:
        return Image.open(source, formats=_formats())
    except UnidentifiedImageError:
        raise UnknownFormatError(_UNKNOWN) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLargeError(f"the image is too large: over {MAX_PIXELS} pixels") from None
    except Exception as error:  # damaged files make decoders raise nearly anything
        raise ImageError(f"the image cannot be read: {error}") from error


def _decoding(function: Callable[[], T]) -> T:
    try:
        return function()
    except ImageError:
        raise
    except Exception as error:  # damaged files make decoders raise nearly anything
        raise ImageError(f"the image cannot be decoded: {error}") from error


def _too_large(image: Image.Image) -> TooLargeError:
    size = f"{image.width} x {image.height}"
    return TooLargeError(f"the image is too large: {size} is over {MAX_PIXELS} pixels")


@functools.cache
def _accepts() -> tuple[Callable[[bytes], bool | str] | None, ...]:
    """Return each format's test of a file's first bytes; None if it has none."""
    return tuple(Image.OPEN[name][1] for name in _formats())


@functools.cache
def _formats() -> tuple[str, ...]:
    """Return the accepted formats that this build of Pillow knows; older ones lack AVIF."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)
