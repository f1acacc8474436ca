"""Decoding a stored image to a small size, off the event loop.

Pillow and the module that opens files safely are imported by the first image, in its thread: a
dashboard without images starts without them.
"""

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from tui.images.zoom import WHOLE, Zoom, region_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from engine.kinds.thumbnails import StoredFile

MAX_PIXELS = 24_000_000
"""Maximum number of pixels that are decoded for a thumbnail: 96 MB for a moment."""


SPARE = 1.1
"""Side of a thumbnail, at least, by that of the area that it is shrunk to."""


class ImageTrouble(Exception):
    """An image cannot be shown; the message is a sentence for the screen."""


def thumbnail(source: Path | bytes, box: tuple[int, int], zoom: Zoom = WHOLE) -> "Image":
    """Read an image and fit it, or a part of it, into a box, keeping its proportions.

    Args:
        source: The stored file, of any name, or its bytes.
        box: Width and height in pixels, each at least 1; smaller images are enlarged.
        zoom: The part that is shown, and its scale.

    Returns:
        An RGB image that touches two sides of the box, if no scale asks for less.

    Raises:
        ImageTrouble: The file is missing, not an image, too large or damaged.
    """
    from engine.imaging.errors import ImageError, TooLargeError, UnknownFormatError

    try:
        with _opened(source) as stream:
            return _fit(stream, box) if zoom == WHOLE else _part(stream, box, zoom)
    except FileNotFoundError:
        raise ImageTrouble("The image's file no longer exists.") from None
    except UnknownFormatError:
        raise ImageTrouble("The file is not an image that can be shown here.") from None
    except TooLargeError:
        raise ImageTrouble(_TOO_LARGE) from None
    except (ImageError, OSError, MemoryError):
        raise ImageTrouble("The image's file is damaged and cannot be shown.") from None
    except ValueError as error:
        raise ImageTrouble(f"The image cannot be shown: its file {error}.") from None


def small_version(folder: Path, file: "StoredFile", side: int) -> bytes | None:
    """Return the thumbnail of an image that is large enough to be shrunk further.

    Args:
        folder: Folder of the thumbnails; a missing one is generated.
        file: The stored image.
        side: Longer side of the area in pixels.

    Returns:
        The thumbnail, or None if the image is missing, or no larger than needed.
    """
    from engine.kinds.thumbnails import SIDES, Thumbnails

    enough = next((known for known in SIDES if known >= SPARE * side), None)
    if enough is None or not file.path.is_file():
        return None
    return Thumbnails(folder).read(file, enough)


def _opened(source: Path | bytes) -> AbstractContextManager[IO[bytes]]:
    from engine.contract.files import MAX_IMAGE_BYTES, open_regular

    return (
        io.BytesIO(source) if isinstance(source, bytes) else open_regular(source, MAX_IMAGE_BYTES)
    )


_TOO_LARGE = f"The image has more than {MAX_PIXELS // 10**6} million pixels; open its file."


def _fit(stream: IO[bytes], box: tuple[int, int]) -> "Image":
    from PIL import Image

    from engine.imaging.decode import decoded

    double = (box[0] * 2, box[1] * 2)
    image = decoded(stream, near=double, max_pixels=MAX_PIXELS)
    image.thumbnail(double, Image.Resampling.BOX, reducing_gap=None)
    share = min(box[0] / image.width, box[1] / image.height)
    fitted = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(fitted, Image.Resampling.BICUBIC)


def _part(stream: IO[bytes], box: tuple[int, int], zoom: Zoom) -> "Image":
    from PIL import Image

    from engine.imaging.decode import decoded

    image = decoded(stream, max_pixels=MAX_PIXELS)
    left, top, right, bottom = region = region_of(zoom, image.size, box)
    size = tuple(
        max(1, min(room, round(side * zoom.scale)))
        for side, room in zip((right - left, bottom - top), box, strict=True)
    )
    enlarges = zoom.scale > 1
    how = Image.Resampling.NEAREST if enlarges else Image.Resampling.BOX
    return image.resize((size[0], size[1]), how, box=region)
