"""Contact sheets: images side by side on one sheet."""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from engine.imaging.decode import decoded
from engine.imaging.errors import ImageError

GAP = 12
"""Pixels between images and around them."""

CELL = 512
"""Maximum length of the longer side of an image on a sheet, in pixels."""

_PAPER, _INK = (18, 18, 20), (222, 220, 214)
_TEXT_SIZE = 18


def contact_sheet(
    images: Sequence[bytes], captions: Sequence[Sequence[str]] = (), columns: int = 0
) -> bytes:
    """Return a sheet of images in rows, uncropped, with lines of text below each.

    Args:
        images: Encoded images.
        captions: The lines below each image; all places have room for the most lines.
        columns: Images per row; by default as square as possible, at most four.

    Returns:
        A PNG file.

    Raises:
        ValueError: There is no image, or one cannot be read.
    """
    if not images:
        raise ValueError("there are no images")
    decoded = [_read(data) for data in images]
    wide = columns or min(4, math.ceil(math.sqrt(len(decoded))))
    width, height = max(i.width for i in decoded), max(i.height for i in decoded)
    lines = max((len(caption) for caption in captions), default=0)
    below = lines * (_TEXT_SIZE + 6) + 6 if lines else 0
    size = (
        GAP + wide * (width + GAP),
        GAP + math.ceil(len(decoded) / wide) * (height + below + GAP),
    )
    sheet = Image.new("RGB", size, _PAPER)
    for index, image in enumerate(decoded):
        left = GAP + index % wide * (width + GAP)
        top = GAP + index // wide * (height + below + GAP)
        sheet.paste(image, (left + (width - image.width) // 2, top + (height - image.height) // 2))
        if index < len(captions):
            _write(sheet, captions[index], left, top + height + 6, width)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _read(data: bytes) -> Image.Image:
    try:
        image = decoded(data, near=(CELL * 2, CELL * 2))
    except ImageError as error:
        raise ValueError(f"an image cannot be read: {error}") from error
    image.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    return image


def _write(sheet: Image.Image, lines: Sequence[str], left: int, top: int, width: int) -> None:
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT_SIZE)
    for number, line in enumerate(lines):
        shown = line
        while shown and draw.textlength(shown, font) > width:
            shown = shown.removesuffix("…")[:-1].rstrip() + "…" if len(shown) > 1 else ""
        draw.text((left, top + number * (_TEXT_SIZE + 6)), shown, _INK, font)
