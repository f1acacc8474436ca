"""A stored picture made small, off the event loop.

Pillow, and what opens files safely, are imported by the first picture, in its thread: a dashboard
that shows none starts without them.
"""

import io
import struct
import zlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 24_000_000
"""The most pixels that are decoded for a thumbnail: 96 MB for a moment."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_ORIENTATION = 0x0112  # Exif 2.32, tag Orientation
_ON_ITS_SIDE = {5, 6, 7, 8}
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, ArithmeticError, LookupError,
           struct.error, zlib.error, MemoryError)  # fmt: skip


class PictureTrouble(Exception):
    """A picture cannot be shown; the message is a sentence for the screen."""


def thumbnail(
    source: Path | bytes, box: tuple[int, int], backdrop: tuple[int, int, int]
) -> "Image":
    """Reads a picture and fits it into a box, keeping its proportions.

    Args:
        source: The stored file, of any name, or what is in one.
        box: Width and height in pixels, each at least 1; smaller pictures are enlarged.
        backdrop: What shows through where the picture is transparent, as RGB.

    Returns:
        An RGB picture that touches two sides of the box.

    Raises:
        PictureTrouble: There is no such file, or it is no picture, too large or damaged.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            _opened(source) as stream,
            Image.open(stream, formats=_FORMATS) as picture,
        ):
            return _fit(picture, box, backdrop)
    except FileNotFoundError:
        raise PictureTrouble("The picture's file is not there any more.") from None
    except PictureTrouble:
        raise
    except UnidentifiedImageError:
        raise PictureTrouble("The file is not a picture that can be shown here.") from None
    except Image.DecompressionBombError:
        raise PictureTrouble(_TOO_LARGE) from None
    except ValueError as error:
        raise PictureTrouble(f"The picture cannot be shown: its file {error}.") from None
    except _DAMAGE:
        raise PictureTrouble("The picture's file is damaged and cannot be shown.") from None


def _opened(source: Path | bytes) -> AbstractContextManager[IO[bytes]]:
    from engine.capabilities.files import MAX_PICTURE_BYTES, open_regular

    return (
        io.BytesIO(source) if isinstance(source, bytes) else open_regular(source, MAX_PICTURE_BYTES)
    )


_TOO_LARGE = f"The picture has more than {MAX_PIXELS // 10**6} million pixels; open its file."


def _fit(picture: "Image", box: tuple[int, int], backdrop: tuple[int, int, int]) -> "Image":
    from PIL import Image, ImageOps

    if picture.getexif().get(_ORIENTATION) in _ON_ITS_SIDE:
        box = (box[1], box[0])
    picture.draft("RGB", (box[0] * 2, box[1] * 2))  # a JPEG is decoded at a fraction
    if picture.width * picture.height > MAX_PIXELS:
        raise PictureTrouble(_TOO_LARGE)
    picture.thumbnail((box[0] * 2, box[1] * 2), Image.Resampling.BOX, reducing_gap=None)
    solid = _on_backdrop(picture, backdrop)
    fitted = ImageOps.contain(solid, box, Image.Resampling.BICUBIC)
    upright: Image.Image = ImageOps.exif_transpose(_oriented_like(fitted, picture))
    return upright


def _oriented_like(fitted: "Image", picture: "Image") -> "Image":
    """The fitted picture with the orientation that its file asks for."""
    orientation = picture.getexif().get(_ORIENTATION)
    if orientation is not None:
        fitted.getexif()[_ORIENTATION] = orientation
    return fitted


def _on_backdrop(picture: "Image", backdrop: tuple[int, int, int]) -> "Image":
    from PIL import Image

    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", clear.size, (*backdrop, 255)), clear).convert(
        "RGB"
    )
