"""Loops over pixels and particles, compiled by numba.

Every intermediate value is wrapped in its type: numba widens small integers to 64 bits, which
makes these loops several times slower.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.video.compiled import kernel


@kernel
def look_up(
    tone: NDArray[np.uint8],
    hue: NDArray[np.uint8],
    table: NDArray[np.uint32],
    pixels: NDArray[np.uint32],
) -> None:
    """Write the colour of each tone and hue; all arrays are flat, the table has 256 tones a row."""
    for at in range(tone.size):
        pixels[at] = table[np.uint32(np.uint32(hue[at]) << np.uint32(8)) | np.uint32(tone[at])]


@kernel
def to_bytes(plane: NDArray[Any], values: NDArray[np.uint8]) -> None:
    """Write 0..1 as 0..255, rounded and clipped; both arrays are flat."""
    for at in range(plane.size):
        value = plane[at] * np.float32(255) + np.float32(0.5)
        value = min(max(value, np.float32(0)), np.float32(255))
        values[at] = np.uint8(np.int32(value))


@kernel
def lay_over(
    planes: NDArray[Any], mask: NDArray[np.uint8], strength: float, most: float, hue: float
) -> None:
    """Add light where a mask is set, and move the hue there.

    Args:
        planes: Tone and hue of each pixel in turns, flat.
        mask: 0 to 255 per pixel, flat.
        strength: Tone that is added where the mask is full.
        most: Tone that nothing is added above, where the mask is full.
        hue: Hue of the drawing.
    """
    for at in range(mask.size):
        if mask[at]:
            share = np.float32(mask[at]) * np.float32(1 / 255)
            tone = planes[2 * at]
            planes[2 * at] = max(tone, min(tone + share * strength, share * most))
            planes[2 * at + 1] += np.float32(0.5) * share * (hue - planes[2 * at + 1])


@kernel
def splat(
    light: NDArray[Any],
    cloud: NDArray[Any],
    tilt_cosine: float,
    tilt_sine: float,
    roll_cosine: float,
    roll_sine: float,
    scale: float,
    eye: float,
    area: float,
) -> None:
    """Add points of light to a frame, each shared between the four pixels around its place.

    Args:
        light: Light and light times hue, shape (height, width, 2).
        cloud: x, y, z, weight and hue of the points, shape (5, points).
        tilt_cosine: Cosine of the turn around the horizontal axis.
        tilt_sine: Sine of it.
        roll_cosine: Cosine of the turn around the line of sight.
        roll_sine: Sine of it.
        scale: Pixels of a unit at the distance of the middle.
        eye: Distance of the eye from the middle.
        area: Weight of a point of weight 1 and distance `eye`, in pixels.
    """
    height, width, _ = light.shape
    for at in range(cloud.shape[1]):
        up = cloud[1, at] * tilt_cosine - cloud[2, at] * tilt_sine
        depth = cloud[1, at] * tilt_sine + cloud[2, at] * tilt_cosine + eye
        if depth < 0.4:
            continue
        near = eye / depth
        x = (cloud[0, at] * roll_cosine - up * roll_sine) * near * scale + width * 0.5
        y = (cloud[0, at] * roll_sine + up * roll_cosine) * near * scale + height * 0.5
        column, row = int(np.floor(x)), int(np.floor(y))
        if column < 0 or row < 0 or column + 1 >= width or row + 1 >= height:
            continue
        weight = cloud[3, at] * near * near * area
        right, down = x - column, y - row
        hue = cloud[4, at]
        for step in range(4):
            across, below = step & 1, step >> 1
            share = weight * (right if across else 1 - right) * (down if below else 1 - down)
            light[row + below, column + across, 0] += share
            light[row + below, column + across, 1] += share * hue
