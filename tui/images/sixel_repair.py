"""Repairs of textual-image's sixels, until a release has them (0.12)."""

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rich.control import Control
from rich.segment import Segment
from textual_image._terminal import get_cell_size
from textual_image.widget.sixel import _ImageSixelImpl

if TYPE_CHECKING:
    from PIL.Image import Image

XTERM_SIDE = 1000
"""Longest side of an image that xterm shows, in pixels (its `maxGraphicSize`)."""

_DEFINITION = re.compile(r"(#\d+);2;\d+;\d+;\d+")

_segments = _ImageSixelImpl._get_sixel_segments
_sixels = _ImageSixelImpl._image_to_sixels


def repair() -> None:
    """Repair the widget in this process; once is enough."""
    for name, method in (("_image_to_sixels", sixels_of), ("_get_sixel_segments", segments_of)):
        setattr(_ImageSixelImpl, name, method)


def segments_of(widget: _ImageSixelImpl, data: str) -> Iterable[Segment]:
    """Return a sixel with the cursor behind its last row.

    The library leaves it a row lower: the rest of that row is drawn there, and the cells beside
    the image keep what the screen before has shown.
    """
    *before, _ = _segments(widget, data)
    region = widget.screen.find_widget(widget).visible_region
    return [*before, Segment(Control.move_to(region.right, region.bottom - 1).segment.text)]


def sixels_of(widget: _ImageSixelImpl, image: "Image", *options: Any, **more: Any) -> str:
    """Return an image as sixels that xterm shows too.

    It selects no colour by its definition, so each is selected after it; and it shows no image
    beyond a size, so there a large one is several.
    """

    def encode(part: "Image") -> str:
        return _DEFINITION.sub(r"\g<0>\1", _sixels(widget, part, *options, **more))

    return in_tiles(image, encode) if "XTERM_VERSION" in os.environ else encode(image)


def in_tiles(image: "Image", encode: Callable[["Image"], str]) -> str:
    """Return an image as tiles of whole cells, each drawn from where the cursor was before it."""
    cell = get_cell_size()
    columns, rows = max(1, XTERM_SIDE // cell.width), max(1, XTERM_SIDE // cell.height)
    width, height = columns * cell.width, rows * cell.height
    parts = []
    for top in range(0, image.height, height):
        for left in range(0, image.width, width):
            box = left, top, min(left + width, image.width), min(top + height, image.height)
            go = _moved(left // cell.width, top // cell.height)
            parts.append(f"\x1b7{go}{encode(image.crop(box))}\x1b8")
    return "".join(parts)


def _moved(columns: int, rows: int) -> str:
    """Return the sequences that move the cursor right and down."""
    right = f"\x1b[{columns}C" if columns else ""
    return right + (f"\x1b[{rows}B" if rows else "")
