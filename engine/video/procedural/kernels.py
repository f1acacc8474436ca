"""Loops over pixels and particles, compiled by numba.

Every intermediate value is wrapped in its type: numba widens small integers to 64 bits, which
makes these loops several times slower.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(function: Function) -> Function:
    return cast("Function", numba.njit(nogil=True, cache=True)(function))


@_compiled
def look_up(
    tone: NDArray[np.uint8],
    hue: NDArray[np.uint8],
    table: NDArray[np.uint32],
    pixels: NDArray[np.uint32],
) -> None:
    """Write the colour of each tone and hue; all arrays are flat, the table has 256 tones a row."""
    for at in range(tone.size):
        pixels[at] = table[np.uint32(np.uint32(hue[at]) << np.uint32(8)) | np.uint32(tone[at])]


@_compiled
def to_bytes(plane: NDArray[np.floating[Any]], values: NDArray[np.uint8]) -> None:
    """Write 0..1 as 0..255, rounded and clipped; both arrays are flat."""
    for at in range(plane.size):
        value = plane[at] * np.float32(255) + np.float32(0.5)
        value = min(max(value, np.float32(0)), np.float32(255))
        values[at] = np.uint8(np.int32(value))
