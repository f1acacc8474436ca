"""Images as character cells: symbols in two colours, or characters of rising brightness."""

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from rich.color import Color, ColorType
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.images.lazy_strip import LazyStrip
from tui.images.style import CellStyle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from tui.images.fitting import FittedCells
    from tui.images.palette import Bytes

    Numbers = NDArray[np.int32]

Rgb = tuple[int, int, int]

MAX_STRETCH = 0.02
"""Maximum change of a side, as a share, by which an image is stretched to fill whole cells."""

CONTOUR = 1.5
"""Radius, in cells, within which contours are drawn stronger where colours are few."""

CONTOUR_PERCENT = 50
"""Percentage by which they are."""

_MIDDLE = 3 * 128

RAMP = " .:-=+*#%@"
"""Characters of rising brightness on a dark background."""


def draw(image: "Image", style: CellStyle, backdrop: Rgb = (0, 0, 0)) -> list[Strip]:
    """Draw an RGB image.

    Args:
        image: The image, in the pixels of `pixels_of`.
        style: Its style.
        backdrop: The background, as RGB: the rest of the last cells that the image does not fill,
            and the background of characters without colour.
    """
    if style.colours == "none":
        return _shades(image, dark=sum(backdrop) < _MIDDLE)
    from tui.images.fitting import fit

    whole = _whole_cells(image, style.fine, backdrop)
    columns = whole.width // style.fine[0]
    if style.symbols == "half":
        return _strips(_halves(whole, style), columns, style)
    if style.colours == "16":
        whole = _with_contours(whole, style)
    return _strips(fit(_pixels(whole), style), columns, style)


def _with_contours(image: "Image", style: CellStyle) -> "Image":
    """Return an image whose contours stay where few colours would take both sides for one."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.UnsharpMask(CONTOUR * style.fine[0], CONTOUR_PERCENT, 0))


def _whole_cells(image: "Image", cell: tuple[int, int], backdrop: Rgb) -> "Image":
    """Return an image that fills whole cells: a little stretched, or with a margin at its end."""
    from PIL import Image

    size = [max(1, round(side / unit)) * unit for side, unit in zip(image.size, cell, strict=True)]
    sides = zip(image.size, size, strict=True)
    if any(abs(side - full) > MAX_STRETCH * side for side, full in sides):
        size = [-(-side // unit) * unit for side, unit in zip(image.size, cell, strict=True)]
        filled = Image.new("RGB", (size[0], size[1]), backdrop)
        filled.paste(image)
        return filled
    return image if image.size == tuple(size) else image.resize((size[0], size[1]))


def _pixels(image: "Image") -> "Bytes":
    import numpy as np

    return np.asarray(image, np.uint8)


def _halves(image: "Image", style: CellStyle) -> "FittedCells":
    """Return half blocks: two pixels of a cell are two colours."""
    import numpy as np

    from tui.images.fitting import FittedCells
    from tui.images.palette import features, palette_of

    pixels = _pixels(_dithered(image) if style.colours == "16" else image)
    if style.colours == "256":
        palette = palette_of("256")
        pixels = palette.sent[palette.nearest(features(pixels))]
    front, back = (pixels[half::2].reshape(-1, 3) for half in (0, 1))
    return FittedCells(np.zeros(len(front), np.intp), front, back, "▀")


def _dithered(image: "Image") -> "Image":
    from PIL import Image

    from tui.images.palette import STANDARD_COLOURS

    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in STANDARD_COLOURS for value in colour])
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


def _strips(cells: "FittedCells", columns: int, style: CellStyle) -> list[Strip]:
    """Return rows of cells; neighbours of the same colours are one segment."""
    text = "".join([cells.characters[number] for number in cells.symbols.tolist()])
    rows = [slice(start, start + columns) for start in range(0, len(text), columns)]
    front, back = _numbers(cells.front), _numbers(cells.back)
    parts = [(text[row], front[row], back[row]) for row in rows]
    if style.colours == "true":
        return [LazyStrip(_codes(*part), columns, partial(_segments, *part)) for part in parts]
    return [Strip(_segments(*part), columns) for part in parts]


def _runs(text: str, front: "Numbers", back: "Numbers") -> Iterator[tuple[str, int, int]]:
    """Yield neighbours of the same colours, with these as numbers."""
    run, before = "", (-1, -1)
    for symbol, pair in zip(text, zip(front.tolist(), back.tolist(), strict=True), strict=True):
        if pair != before and run:
            yield run, *before
            run = ""
        run, before = run + symbol, pair
    yield run, *before


def _segments(text: str, front: "Numbers", back: "Numbers") -> list[Segment]:
    return [Segment(run, _style_of(*pair)) for run, *pair in _runs(text, front, back)]


def _codes(text: str, front: "Numbers", back: "Numbers") -> str:
    """Return a row as a terminal of 24-bit colours gets it."""
    return "".join(
        [
            f"\x1b[38;2;{one >> 16};{one >> 8 & 255};{one & 255};"
            f"48;2;{other >> 16};{other >> 8 & 255};{other & 255}m{run}\x1b[0m"
            for run, one, other in _runs(text, front, back)
        ]
    )


def _numbers(colours: "Bytes") -> "Numbers":
    """Return colours of shape (n, 3) as one number each."""
    wide = colours.astype("int32")
    numbers: Numbers = (wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2]
    return numbers


@lru_cache(4096)
def _style_of(front: int, back: int) -> Style:
    """Return the style of two colours, given as numbers."""
    return Style.from_color(_colour(front), _colour(back))


@lru_cache(4096)
def _colour(number: int) -> Color:
    rgb = ColorTriplet(number >> 16, number >> 8 & 255, number & 255)
    return Color(f"#{number:06x}", ColorType.TRUECOLOR, None, rgb)


def _shades(image: "Image", *, dark: bool) -> list[Strip]:
    from PIL import Image, ImageOps

    width, height = image.size
    rows = max(1, (height + 1) // 2)
    grey = image.convert("L").resize((width, rows), Image.Resampling.BOX)
    stretched = ImageOps.autocontrast(grey, cutoff=1)
    ramp = RAMP if dark else RAMP[::-1]
    signs = [ramp[value * len(ramp) // 256] for value in stretched.tobytes()]
    return [
        Strip([Segment("".join(signs[at : at + width]))], width)
        for at in range(0, rows * width, width)
    ]
