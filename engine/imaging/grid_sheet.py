"""Sheets of grids: images in rows and columns with the values of both axes beside them."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from engine.imaging.decode import decoded
from engine.imaging.errors import ImageError

MAX_SIDE = 12_000
"""Maximum width and height of a sheet, in pixels."""
CELL = 320
"""Maximum length of the longer side of an image on a sheet, in pixels."""
LEAST_CELL = 24
"""The same of the smallest images; a grid that does not fit even so is refused."""

_GAP, _LABELS, _LINES = 8, 220, 3
_PAPER, _INK, _DIM = (18, 18, 20), (222, 220, 214), (140, 138, 132)
_TEXT = 16

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
Read = Callable[[int, int], bytes | str]
"""Returns the encoded image of a row and a column, or text in its place."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Text of a sheet.

    Attributes:
        title: Text above the sheet; may be empty.
        x_name: Name of the axis of the columns.
        x: Values of the columns.
        y_name: Name of the axis of the rows.
        y: Values of the rows.
    """

    title: str
    x_name: str
    x: Sequence[str]
    y_name: str
    y: Sequence[str]


def grid_sheet(labels: Labels, read: Read) -> bytes:
    """Return a sheet of a grid as a PNG file.

    Args:
        labels: Its text.
        read: Returns what is in each place.

    Raises:
        ValueError: It has too many rows or columns for one sheet.
    """
    cell = _cell_side(len(labels.x), len(labels.y))
    line = _TEXT + 6
    left = _GAP + (_LABELS if labels.y_name else 0)
    top = _GAP + (line if labels.title else 0) + line * (1 + _LINES if labels.x_name else 0)
    size = (left + len(labels.x) * (cell + _GAP), top + len(labels.y) * (cell + _GAP))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    _write(draw, (_GAP, _GAP), labels.title, size[0] - 2 * _GAP, 1)
    _draw_axes(draw, labels, cell, (left, top))
    for row in range(len(labels.y)):
        for column in range(len(labels.x)):
            place = (left + column * (cell + _GAP), top + row * (cell + _GAP))
            _paste(sheet, draw, read(row, column), place, cell)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


def _cell_side(columns: int, rows: int) -> int:
    room = MAX_SIDE - _LABELS - 4 * _GAP
    side = min(CELL, room // columns - _GAP, room // rows - _GAP)
    if side < LEAST_CELL:
        raise ValueError(f"a sheet has no room for {columns} columns and {rows} rows")
    return side


def _draw_axes(
    draw: ImageDraw.ImageDraw, labels: Labels, cell: int, origin: tuple[int, int]
) -> None:
    left, top = origin
    line = _TEXT + 6
    if labels.x_name:
        begin = top - line * (1 + _LINES)
        _write(draw, (left, begin), labels.x_name, len(labels.x) * (cell + _GAP), 1, _DIM)
        for column, text in enumerate(labels.x):
            at = (left + column * (cell + _GAP), begin + line)
            _write(draw, at, text, cell, _LINES)
    if labels.y_name:
        _write(draw, (_GAP, top - line), labels.y_name, _LABELS - _GAP, 1, _DIM)
        for row, text in enumerate(labels.y):
            at = (_GAP, top + row * (cell + _GAP))
            _write(draw, at, text, _LABELS - _GAP, max(1, cell // line))


def _paste(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    shown: bytes | str,
    place: tuple[int, int],
    cell: int,
) -> None:
    left, top = place
    draw.rectangle((left, top, left + cell - 1, top + cell - 1), outline=(40, 40, 44))
    if isinstance(shown, bytes):
        try:
            image = decoded(shown, near=(cell * 2, cell * 2))
        except ImageError:
            shown = "cannot be read"
        else:
            image.thumbnail((cell, cell), Image.Resampling.LANCZOS)
            offset = (left + (cell - image.width) // 2, top + (cell - image.height) // 2)
            sheet.paste(image, offset)
            return
    _write(draw, (left + 6, top + 6), shown, cell - 12, max(1, cell // (_TEXT + 6) - 1), _DIM)


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    width: int,
    lines: int,
    ink: tuple[int, int, int] = _INK,
) -> None:
    """Write a text in some lines at most; the last ends in dots if there is more."""
    font = ImageFont.load_default(_TEXT)
    left = text
    for number in range(lines):
        line = _fitting(draw, font, left, width)
        left, more = left[len(line) :].lstrip(), len(line) < len(left)
        if more and number + 1 == lines:
            line = f"{line[:-1].rstrip()}…"
        draw.text((at[0], at[1] + number * (_TEXT + 6)), line, ink, font)
        if not more:
            break


def _fitting(draw: ImageDraw.ImageDraw, font: Font, text: str, width: int) -> str:
    """Return the longest beginning of a text that fits; it ends at a word if one does."""
    low, high = 0, min(len(text), 400)
    while low < high:
        middle = (low + high + 1) // 2
        if draw.textlength(text[:middle], font) <= width:
            low = middle
        else:
            high = middle - 1
    if low == len(text):
        return text
    words = text[:low].rpartition(" ")[0]
    return words if len(words) > low // 2 else text[: max(low, 1)]
