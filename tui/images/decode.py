"""Stored images at the size of an area, decoded off the event loop."""

from pathlib import Path
from typing import TYPE_CHECKING

from engine.client.views.pixels import DAMAGED, ImageTrouble, decoded_image
from tui.images.zoom import WHOLE, Zoom, region_of

if TYPE_CHECKING:
    from PIL.Image import Image


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
    try:
        return _fit(source, box) if zoom == WHOLE else _part(source, box, zoom)
    except (OSError, MemoryError):
        raise ImageTrouble(DAMAGED) from None


def _fit(source: Path | bytes, box: tuple[int, int]) -> "Image":
    from PIL import Image

    double = (box[0] * 2, box[1] * 2)
    image = decoded_image(source, double)
    image.thumbnail(double, Image.Resampling.BOX, reducing_gap=None)
    share = min(box[0] / image.width, box[1] / image.height)
    fitted = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(fitted, Image.Resampling.BICUBIC)


def _part(source: Path | bytes, box: tuple[int, int], zoom: Zoom) -> "Image":
    from PIL import Image

    image = decoded_image(source)
    left, top, right, bottom = region = region_of(zoom, image.size, box)
    size = tuple(
        max(1, min(room, round(side * zoom.scale)))
        for side, room in zip((right - left, bottom - top), box, strict=True)
    )
    enlarges = zoom.scale > 1
    how = Image.Resampling.NEAREST if enlarges else Image.Resampling.BOX
    return image.resize((size[0], size[1]), how, box=region)
