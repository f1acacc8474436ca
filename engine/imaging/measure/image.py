"""Measure an image: tone, colour, sharpness, edges, and its centre of visual weight.

Everything is computed on a reduced copy, so that it takes the same few milliseconds for any size
and means the same at any size, sharpness apart (see `Measures.sharpness`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from engine.imaging.decode import decoded
from engine.imaging.errors import ImageError
from engine.imaging.measure.colour import Array, Rgb, chroma, linear, oklab
from engine.imaging.measure.palette import Swatch, dominant

SIDE = 256
"""Longer side in pixels, about, of the copy on which tone, colour and weight are measured."""

FINE_SIDE = 512
"""Longer side in pixels, about, of the copy on which sharpness is measured."""

BLUEST = 0.21
"""Chromaticity y below which a mean colour is blue rather than a white."""

_LESS_LIGHT = np.array([0.6, 1.0, 1.0])

EDGE = 0.045
"""Minimum gradient of lightness, per pixel of the copy, of an edge."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Results of measuring an image.

    Attributes:
        lightness: Mean OKLab lightness, 0 (black) to 1 (white).
        contrast: Root mean square contrast: the standard deviation of lightness, 0 to 0.5
            (E. Peli, "Contrast in complex images", JOSA A 7, 1990).
        saturation: Mean OKLab chroma, 0 (grey) to about 0.3.
        variety: Spread of hues: the root of the summed variances of the OKLab axes a and b, 0
            (one colour throughout) to about 0.15 (after D. Hasler, S. Suesstrunk, "Measuring
            colourfulness in natural images", SPIE 5007, 2003).
        warmth: Mean of OKLab projected on the axis from azure to orange (hue 60 degrees), in
            tenths: about -1 (cold) to 1.5 (warm), 0 neutral.
        temperature_k: Correlated colour temperature of the mean colour in kelvin, 1,667 to
            25,000 (C. McCamy, Color Research & Application 17, 1992); of little meaning for
            images in one strong colour.
        sharpness: Spread of the Laplacian of lightness relative to the contrast, mapped by
            r / (r + 0.25) to 0..1 (after J. Pech-Pacheco et al., "Diatom autofocusing in
            brightfield microscopy", ICPR 2000). Compare images of one size only.
        edge_density: Share of the pixels on an edge, 0..1.
        mass_x: Centre of visual weight, 0 (left) to 1. The weight of a pixel is its squared
            distance in OKLab from the mean colour of its row, so that the layers of a landscape
            weigh nothing and what stands out from them does (after R. Achanta et al.,
            "Frequency-tuned salient region detection", CVPR 2009, who take the whole mean).
        mass_y: The same from 0 (top) to 1 (bottom).
        balance_x: Weight of the right half minus that of the left, of all, -1..1.
        balance_y: Weight of the lower half minus that of the upper, of all, -1..1.
        palette: Dominant colours with their shares.
        lab: The reduced copy in OKLab, shape (h, w, 3), for `colour_share`.
    """

    lightness: float
    contrast: float
    saturation: float
    variety: float
    warmth: float
    temperature_k: float
    sharpness: float
    edge_density: float
    mass_x: float
    mass_y: float
    balance_x: float
    balance_y: float
    palette: tuple[Swatch, ...]
    lab: Array

    def numbers(self) -> dict[str, float]:
        """Return the scalar measures by name, rounded to four places."""
        names = [name for name in self.__slots__ if name not in ("palette", "lab")]
        return {name: round(float(getattr(self, name)), 4) for name in names}


def measure(image: bytes) -> Measures:
    """Measure an encoded image.

    Args:
        image: The file's bytes.

    Raises:
        ValueError: The bytes are not an image that can be read safely.
    """
    decoded = opened(image)
    fine = _floats(_reduced(decoded, FINE_SIDE))
    rgb = _floats(_reduced(decoded, SIDE))
    lab = oklab(rgb)
    light = lab[..., 0]
    down, across = np.gradient(light) if min(light.shape) > 1 else (light * 0, light * 0)
    weight = ((lab - lab.mean(axis=1, keepdims=True)) ** 2).sum(axis=-1) + 1e-5
    columns, rows = weight.sum(axis=0) / weight.sum(), weight.sum(axis=1) / weight.sum()
    warm = lab[..., 1] * 0.5 + lab[..., 2] * 0.866
    return Measures(
        lightness=float(light.mean()),
        contrast=float(light.std()),
        saturation=float(chroma(lab).mean()),
        variety=float(np.sqrt(lab[..., 1].var() + lab[..., 2].var())),
        warmth=float(warm.mean() / 0.1),
        temperature_k=_temperature(rgb),
        sharpness=_sharpness(fine),
        edge_density=float((np.hypot(down, across) > EDGE).mean()),
        mass_x=_centre(columns),
        mass_y=_centre(rows),
        balance_x=_halves(columns),
        balance_y=_halves(rows),
        palette=tuple(dominant(rgb)),
        lab=lab,
    )


def colour_share(lab: Array, colour: Rgb) -> float:
    """Return how much of an image has a colour, 0..1.

    A pixel belongs to a colour in degrees: by hue (half at about 20 degrees aside), by lightness
    (half at about 0.29 aside, for a colour in shade is still that colour), and by having at least
    half of its chroma. Black, grey and white go by lightness (half at 0.13) and absence of chroma.

    Args:
        lab: The image in OKLab, shape (h, w, 3).
        colour: The colour, sRGB.
    """
    target = oklab(np.array(colour))
    aside = lab[..., 0] - target[0]
    strength, wanted = chroma(lab), float(chroma(target))
    if wanted < 0.035:
        return float((np.exp(-((aside / 0.16) ** 2) - (strength / 0.06) ** 2)).mean())
    hue = np.arctan2(lab[..., 2], lab[..., 1]) - np.arctan2(target[2], target[1])
    turn = (np.degrees(hue) + 180) % 360 - 180
    member = np.exp(-((turn / 24) ** 2) - (aside / 0.35) ** 2)
    return float((member * np.clip(2 * strength / wanted, 0, 1)).mean())


def palette_adherence(lab: Array, colours: Sequence[Rgb]) -> float:
    """Return how closely an image keeps to some colours, 0..1.

    The mean over its pixels of `exp(-(d / 0.12)^2)`, where d is the distance in OKLab from the
    nearest of the colours, with six tenths of the difference in lightness: tints and shades of a
    colour are near it.

    Args:
        lab: The image in OKLab, shape (h, w, 3).
        colours: The colours, sRGB, at least one.
    """
    pixels = lab.reshape(-1, 3)[::3]
    gaps = (pixels[:, None] - oklab(np.array(colours))[None]) * _LESS_LIGHT
    nearest = (gaps**2).sum(axis=-1).min(axis=1)
    return float(np.exp(-nearest / 0.12**2).mean())


def opened(image: bytes) -> Image.Image:
    """Decode an image to RGB; see `engine.imaging.decode`.

    Raises:
        ValueError: The bytes are not an image that can be read safely.
    """
    try:
        return decoded(image)
    except ImageError as error:
        raise ValueError(f"the image cannot be read: {error}") from error


def _reduced(image: Image.Image, side: int) -> Image.Image:
    factor = max(1, round(max(image.size) / side))
    return image.reduce(factor) if factor > 1 else image


def _floats(image: Image.Image) -> Array:
    return np.asarray(image, dtype=np.float64) / 255


def _sharpness(rgb: Array) -> float:
    light = rgb @ np.array([0.299, 0.587, 0.114])
    if min(light.shape) < 3:
        return 0.0
    inner = light[1:-1, 1:-1]
    around = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:]
    ratio = float((around - 4 * inner).std() / (light.std() + 0.02))
    return ratio / (ratio + 0.25)


def _temperature(rgb: Array) -> float:
    light = linear(rgb).mean(axis=(0, 1))
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = to_xyz @ light + 1e-9
    x, y = x / (x + y + z), y / (x + y + z)
    # Below the epicentre, in saturated blue, the formula turns over; there it is as cold as can be.
    n = 1.45 if y < BLUEST else min(1.45, (x - 0.3320) / (0.1858 - y))
    return float(np.clip(449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33, 1667, 25_000))


def _centre(shares: Array) -> float:
    return float((shares * (np.arange(len(shares)) + 0.5)).sum() / len(shares))


def _halves(shares: Array) -> float:
    half = len(shares) // 2
    return float(shares[len(shares) - half :].sum() - shares[:half].sum())
