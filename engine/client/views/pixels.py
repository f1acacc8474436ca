"""Pixels of stored images for a screen: decoded, and small versions of large ones.

Pillow and the modules that open files safely are imported by the first image, in its thread: a
dashboard without images starts without them.
"""

import io
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from engine.kinds.thumbnails import StoredFile

MAX_PIXELS = 24_000_000
"""Maximum number of pixels that are decoded for a screen: 96 MB for a moment."""

SPARE = 1.1
"""Side of a thumbnail, at least, by that of the area that it is shrunk to."""

DAMAGED = "The image's file is damaged and cannot be shown."


class ImageTrouble(Exception):
    """An image cannot be shown; the message is a sentence for the screen."""


def decoded_image(source: Path | bytes, near: tuple[int, int] | None = None) -> "Image":
    """Return an image of mode RGB, upright.

    Args:
        source: The stored file, of any name, or its bytes.
        near: Width and height in pixels that are enough.

    Raises:
        ImageTrouble: The file is missing, not an image, too large or damaged.
    """
    from engine.kinds.pixels import NoPixels, decode_pixels

    try:
        with _opened(source) as stream:
            return decode_pixels(stream, near, max_pixels=MAX_PIXELS)
    except NoPixels as error:
        raise ImageTrouble(str(error)) from None
    except FileNotFoundError:
        raise ImageTrouble("The image's file no longer exists.") from None
    except (OSError, MemoryError):
        raise ImageTrouble(DAMAGED) from None
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
