"""Palettes of 256 and 16 colours, and the nearest colours of them.

Distances are those of OKLab with a share of sRGB: by OKLab alone, few colours that are far apart
are mixed up in saturation.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui.images.style import Colours

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

STANDARD_COLOURS = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0),
    (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85),
    (85, 85, 255), (255, 85, 255), (85, 255, 255), (255, 255, 255),
)  # fmt: skip
"""The 16 colours as Rich maps to them, so that a dithered colour stays the one it was."""

RGB_SHARE = 0.3
"""Weight of sRGB, 0..1 per channel, beside OKLab where colours are few."""

ROUGHNESS = 0.4
"""Share of the difference of two mixed colours that is seen as dots, and not as their mean."""

MAX_APART = 0.5
"""Maximum distance of two colours that are mixed: others are seen as dots."""

_LEVELS = (0, 95, 135, 175, 215, 255)
_GREYS = 24
_STEPS = 32
"""Steps of each channel in the table of nearest colours."""

_TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]], np.float32,
)  # fmt: skip
_TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]], np.float32,
)  # fmt: skip


def _light() -> Floats:
    value = np.arange(256) / 255
    low, high = value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    return np.where(value <= 0.04045, low, high).astype(np.float32)


_LIGHT = _light()


def oklab(rgb: Bytes) -> Floats:
    """Return sRGB of shape (..., 3) as OKLab of the same shape."""
    return _lab(_LIGHT[rgb])


def _lab(light: Floats) -> Floats:
    return np.asarray(np.cbrt(light @ _TO_LMS.T) @ _TO_LAB.T, np.float32)


def features(rgb: Bytes) -> Floats:
    """Return sRGB of shape (..., 3) as OKLab and weighted sRGB, of shape (..., 6)."""
    return np.concatenate([oklab(rgb), rgb * np.float32(RGB_SHARE / 255)], -1)


@dataclass(frozen=True)
class Palette:
    """The colours of a terminal.

    Attributes:
        sent: sRGB that Rich maps to each colour, of shape (n, 3).
        places: Features of each colour, of shape (n, 6).
        table: Nearest colour of each step of sRGB, of shape (32, 32, 32); None if there are few.
    """

    sent: Bytes
    places: Floats
    table: Bytes | None

    def nearest(self, places: Floats) -> NDArray[np.intp]:
        """Return the number of the nearest colour to features of shape (..., 6)."""
        if self.table is None:
            return np.asarray(_distances(places, self.places).argmin(-1))
        step = np.float32((_STEPS - 1) / RGB_SHARE)
        red, green, blue = np.moveaxis(np.rint(places[..., 3:] * step).astype(np.intp), -1, 0)
        top = _STEPS - 1
        nearest = self.table[red.clip(0, top), green.clip(0, top), blue.clip(0, top)]
        return np.asarray(nearest, np.intp)


def _distances(places: Floats, to: Floats) -> Floats:
    """Return squared distances less the squares of `places`, of shape (..., n)."""
    return np.asarray((to * to).sum(-1) - 2 * (places @ to.T))


@lru_cache(2)
def palette_of(colours: Colours) -> Palette:
    """Return the palette of `256` or `16` colours."""
    if colours == "16":
        standard = np.array(STANDARD_COLOURS, np.uint8)
        return Palette(standard, features(standard), None)
    cube = [(r, g, b) for r in _LEVELS for g in _LEVELS for b in _LEVELS if not r == g == b]
    ends = [(0, 0, 0), (255, 255, 255)]
    greys = [8 + 10 * step for step in range(_GREYS)]
    shown = np.array([*cube, *ends, *((grey,) * 3 for grey in greys)], np.uint8)
    # Rich maps greys to the ramp by their share of white, not to the nearest grey of it.
    sent = [*cube, *ends, *((round((step + 1) * 10.2),) * 3 for step in range(_GREYS))]
    places = features(shown)
    return Palette(np.array(sent, np.uint8), places, _table(places))


def _table(places: Floats) -> Bytes:
    steps = np.rint(np.arange(_STEPS) * 255 / (_STEPS - 1)).astype(np.uint8)
    green, blue = np.meshgrid(steps, steps, indexing="ij")
    table = np.empty((_STEPS,) * 3, np.uint8)
    for number, red in enumerate(steps):  # a slice at a time: a table of all distances is large
        rgb = np.stack([np.full_like(green, red), green, blue], -1)
        table[number] = _distances(features(rgb), places).argmin(-1)
    return table


@dataclass(frozen=True)
class Shades:
    """Mixes of two colours by dots.

    Attributes:
        characters: The dots: a quarter and a half.
        which: Number of the dots of each mix, of shape (m,).
        front: Number of the colour of the dots, of shape (m,).
        back: Number of the colour behind them, of shape (m,).
        places: Features of the mixes, of shape (m, 6).
        rough: Squared distance that a mix counts as farther away, of shape (m,).
    """

    characters: str
    which: NDArray[np.intp]
    front: NDArray[np.intp]
    back: NDArray[np.intp]
    places: Floats
    rough: Floats

    def nearest(self, places: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Return the best mixes for features of shape (k, 6), and their squared distances."""
        far = _distances(places, self.places) + self.rough
        best = far.argmin(-1)
        return best, far[np.arange(len(best)), best] + (places * places).sum(-1)


@lru_cache(1)
def shades_of_16() -> Shades:
    """Return the mixes of 16 colours, in which there are too few without them."""
    palette = palette_of("16")
    apart = ((palette.places[:, None] - palette.places) ** 2).sum(2)
    pairs = [
        (which, one, other)
        for which in (0, 1)
        for one in range(16)
        for other in range(16)
        if one != other and (which == 0 or one < other) and apart[one, other] < MAX_APART**2
    ]
    which, front, back = (np.array(row, np.intp) for row in zip(*pairs, strict=True))
    share = np.where(which == 0, 0.25, 0.5).astype(np.float32)[:, None]
    light = _LIGHT[palette.sent]
    mixed = light[front] * share + light[back] * (1 - share)
    places = np.concatenate([_lab(mixed), RGB_SHARE * _encoded(mixed)], -1)
    rough = ROUGHNESS * share[:, 0] * (1 - share[:, 0]) * apart[front, back]
    return Shades("░▒", which, front, back, places.astype(np.float32), rough.astype(np.float32))


def _encoded(light: Floats) -> Floats:
    """Return linear light of 0..1 as sRGB of 0..1."""
    high = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, high).astype(np.float32)
