"""Colour spaces: sRGB (IEC 61966-2-1), OKLab (B. Ottosson, 2020) and hexadecimal notation.

OKLab holds lightness `L` in 0..1 and the opponent axes `a` (green to red) and `b` (blue to
yellow), each within about -0.35..0.35 for colours that a screen can show. Its distance is close
to perceived difference: 0.02 is just visible side by side, 0.1 is plainly another colour.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int_]
"""An array of real numbers; the docstrings give its shape and range."""

Rgb = tuple[float, float, float]
"""One colour as red, green and blue of sRGB, each 0..1."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)


def linear(rgb: Array) -> Array:
    """Decodes sRGB values of 0..1 to linear light of 0..1; any shape."""
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def encoded(light: Array) -> Array:
    """Encodes linear light as sRGB, clipped to 0..1; any shape."""
    light = np.clip(light, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def oklab(rgb: Array) -> Array:
    """Converts sRGB of shape (..., 3) and range 0..1 to OKLab of the same shape."""
    return np.asarray(np.cbrt(linear(rgb) @ _TO_LMS.T) @ _TO_LAB.T)


def srgb(lab: Array) -> Array:
    """Converts OKLab of shape (..., 3) to sRGB; what a screen cannot show is clipped."""
    return encoded((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T)


def from_hex(text: str) -> Rgb:
    """Reads `#rgb` or `#rrggbb`.

    Raises:
        ValueError: The text is neither.
    """
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) != 6:
        raise ValueError(f"{text!r} is not a colour like #1e90ff")
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """The colour at `share` (0..1) of the way from `one` to `other`, straight through OKLab."""
    ends = oklab(np.array([one, other]))
    red, green, blue = srgb(ends[0] + (ends[1] - ends[0]) * share)
    return float(red), float(green), float(blue)


def chroma(lab: Array) -> Array:
    """Colourfulness of OKLab values of shape (..., 3): the distance from grey, 0 to about 0.35."""
    return np.asarray(np.hypot(lab[..., 1], lab[..., 2]))
