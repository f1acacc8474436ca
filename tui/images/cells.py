"""Images as character cells: half blocks in colour, or characters of rising brightness."""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from PIL.Image import Image

CellStyle = Literal["colours", "dithered", "shades"]
"""Half blocks in full colour, half blocks dithered to 16 colours, or characters without colour."""

STANDARD_COLOURS = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0),
    (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85),
    (85, 85, 255), (255, 85, 255), (85, 255, 255), (255, 255, 255),
)  # fmt: skip
"""The 16 colours as Rich maps to them, so that a dithered colour stays the one it was."""

_MIDDLE = 3 * 128

RAMP = " .:-=+*#%@"
"""Characters of rising brightness on a dark background."""


def cell_style(color_system: str | None, *, no_color: bool, ascii_only: bool = False) -> CellStyle:
    """Return the style of images on a terminal.

    Args:
        color_system: Detected by Rich: `truecolor`, `256`, `standard`, `windows` or None.
        no_color: True for no colours; greys are drawn if there are enough.
        ascii_only: True if half blocks cannot be shown.
    """
    if ascii_only or color_system is None:
        return "shades"
    if color_system in {"standard", "windows"}:
        return "shades" if no_color else "dithered"
    return "colours"


def pixels_of(columns: int, rows: int) -> tuple[int, int]:
    """Return the box in pixels of an area of cells: one pixel wide and two high per cell."""
    return max(1, columns), max(2, rows * 2)


def draw(
    image: "Image", style: CellStyle, backdrop: tuple[int, int, int] = (0, 0, 0)
) -> list[Strip]:
    """Draw an RGB image: two rows of pixels in one row of cells.

    Args:
        image: The image, as wide as the strips.
        style: Its style.
        backdrop: The background, as RGB: half of the last cells of an odd number of rows, and
            the background of characters without colour.
    """
    if style == "shades":
        return _shades(image, dark=sum(backdrop) < _MIDDLE)
    if style == "dithered":
        image = _dithered(image)
    width, height = image.size
    data = image.tobytes()
    stride = width * 3
    lines = []
    for top in range(0, height, 2):
        upper = data[top * stride : (top + 1) * stride]
        lower = data[(top + 1) * stride : (top + 2) * stride] or bytes(backdrop) * width
        cells = [_cell(upper[at : at + 3], lower[at : at + 3]) for at in range(0, stride, 3)]
        lines.append(Strip(cells, width))
    return lines


def _cell(upper: bytes, lower: bytes) -> Segment:
    return Segment("▀", _style(upper, lower))


@lru_cache(512)  # flat areas; a photograph has a style per cell
def _style(upper: bytes, lower: bytes) -> Style:
    return Style.from_color(_colour(upper), _colour(lower))


def _colour(rgb: bytes) -> Color:
    return Color.from_triplet(ColorTriplet(*rgb))


def _dithered(image: "Image") -> "Image":
    from PIL import Image

    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in STANDARD_COLOURS for value in colour])
    return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")


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
