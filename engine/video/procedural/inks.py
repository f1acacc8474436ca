"""Colours of a procedural frame: a table of tone and hue, in which every entry is of the palette.

A visual computes two planes, tone (dark to light) and hue (place among the middle colours of the
palette); the table gives them colours. So a frame consists of the palette's colours and blends of
neighbours in OKLab, whatever the visual does.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.imaging.measure.colour import from_hex, oklab, srgb
from engine.video.procedural.fields import Floats
from engine.video.procedural.kernels import look_up

Bytes = NDArray[np.uint8]

TONES, HUES = 256, 256
"""Entries of a table."""

DEFAULT = ("#1A1A28", "#7C5CFC", "#E8E4FF")
"""Palette if there is none."""

_DEEPEST, _BRIGHTEST = 0.24, 0.9
"""Lightness that the dark and the light end have at most and at least, if the palette lacks them.

A palette of middle colours alone would give a frame without depth.
"""


def ink(tone: Bytes, hue: Bytes, table: NDArray[np.uint32]) -> Bytes:
    """Give colours to a frame.

    Args:
        tone: Shape (height, width); 0 is the darkest colour of the palette, 255 the lightest.
        hue: Same shape; 0 to 255 leads through the other colours of the palette.
        table: Colours, see `ink_table`.

    Returns:
        BGRA of shape (height, width, 4), opaque.
    """
    frame = np.empty((*tone.shape, 4), np.uint8)
    look_up(tone.reshape(-1), hue.reshape(-1), table.reshape(-1), frame.view(np.uint32).reshape(-1))
    return frame


@lru_cache(maxsize=64)
def ink_table(palette: tuple[str, ...]) -> NDArray[np.uint32]:
    """Return the colours of all tones and hues of a palette.

    Args:
        palette: Colours as `#rrggbb`, in any order; an empty one is replaced by `DEFAULT`.

    Returns:
        BGRA pixels in one number each, shape (`HUES`, `TONES`).

    Raises:
        ValueError: A colour cannot be read.
    """
    lab = oklab(np.array([from_hex(colour) for colour in palette or DEFAULT]))
    dark, light, middles = _roles(lab[np.argsort(lab[:, 0], kind="stable")])
    middle = _along(middles, np.linspace(0, 1, HUES))
    knee = np.clip((middle[:, 0] - dark[0]) / max(light[0] - dark[0], 1e-3), 0.35, 0.68)
    tones = np.linspace(0, 1, TONES)[None, :, None]
    knee = knee[:, None, None]
    lower = dark + (middle[:, None] - dark) * (tones / knee)
    upper = middle[:, None] + (light - middle[:, None]) * ((tones - knee) / (1 - knee))
    return _pixels(np.where(tones < knee, lower, upper))


def _roles(lab: Floats) -> tuple[Floats, ...]:
    """Split colours by lightness into the dark end, the light end and those between."""
    dark, light = lab[0].copy(), lab[-1].copy()
    middles = lab[1:-1] if len(lab) > 2 else lab[-1:]
    if dark[0] > _DEEPEST:
        middles = np.vstack([dark, middles]) if len(lab) > 1 else middles
        dark *= [_DEEPEST / dark[0], 0.6, 0.6]
    if light[0] < _BRIGHTEST and (len(lab) < 3 or light[0] < 0.7):
        middles = np.vstack([middles, light]) if len(lab) > 2 else middles
        light = light * [1, 0.5, 0.5]
        light[0] = _BRIGHTEST
    return dark, light, middles[np.argsort(np.arctan2(middles[:, 2], middles[:, 1]))]


def _along(colours: Floats, shares: Floats) -> Floats:
    """Blend neighbours along a list of colours, with a stay at each."""
    places = shares * (len(colours) - 1)
    index = np.clip(places.astype(int), 0, max(len(colours) - 2, 0))
    share = (places - index)[:, None]
    for _ in range(2):
        share = share * share * (3 - 2 * share)
    after = np.minimum(index + 1, len(colours) - 1)
    return np.asarray(colours[index] * (1 - share) + colours[after] * share)


def _pixels(lab: Floats) -> NDArray[np.uint32]:
    rgb = np.round(np.clip(srgb(lab), 0, 1) * 255).astype(np.uint32)
    return np.asarray(
        rgb[..., 2] | rgb[..., 1] << 8 | rgb[..., 0] << 16 | np.uint32(0xFF000000), np.uint32
    )
