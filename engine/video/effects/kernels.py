"""Passes over all pixels, in integers: the same result on every machine.

A pixel is one 32-bit number (blue in the lowest byte), of which two bytes are computed at a time.
Each intermediate value is wrapped in a 32-bit type: numba widens it to 64 bits otherwise, and the
loops become five times as slow.
"""

import numpy as np
from numpy import int32 as i32
from numpy import uint8 as u8
from numpy import uint32 as u32
from numpy.typing import NDArray

from engine.video.compiled import kernel

Pixels = NDArray[np.uint32]
Plane = NDArray[np.uint8]


@kernel
def draw_over(below: Pixels, above: Pixels) -> None:
    """Draw premultiplied pixels over others, in place.

    Args:
        below: Opaque pixels of shape (n,), which are changed.
        above: Pixels of shape (n,) whose colours are multiplied by their alpha.
    """
    low, high = u32(0x00FF00FF), u32(0xFF00FF00)
    for i in range(below.size):
        p, q = below[i], above[i]
        k = u32(u32(256) - (q >> u32(24)))
        even = u32(u32(u32(p & low) * k) >> u32(8)) & low
        odd = u32(u32(u32(p >> u32(8)) & low) * k) & high
        below[i] = u32(q + u32(even | odd))


@kernel
def map_pairs(first: Plane, second: Plane, table: Plane) -> None:
    """Replace each byte of the first by the table's entry for the pair, in place.

    Args:
        first: Bytes of shape (n,), which are changed.
        second: Bytes of shape (n,).
        table: 65,536 bytes: entry `256 * first + second`.
    """
    for i in range(first.size):
        first[i] = table[u32(u32(first[i]) << u32(8)) | u32(second[i])]


@kernel
def fill_luma(pixels: Pixels, luma: Plane, weights: NDArray[np.int32], grain: NDArray[u32]) -> None:
    """Compute the luma of pixels, with film grain.

    The grain is a hash of a pixel's place and the seed; the sum of its four bytes is nearly
    normal with a standard deviation of 147.8.

    Args:
        pixels: Pixels of shape (height, width).
        luma: Values of shape (height, width), 16 to 235, which are written.
        weights: Red, green, blue and the offset, times 65,536.
        grain: The seed, and the amplitude of the grain times 65,536 and per unit of the sum.
    """
    height, width = pixels.shape
    red, green, blue, offset = weights[0], weights[1], weights[2], weights[3]
    seed, amplitude = grain[0], i32(grain[1])
    for y in range(height):
        row = u32(u32(u32(y) * u32(0x85EBCA77)) ^ seed)
        for x in range(width):
            p = pixels[y, x]
            v = i32(red * i32((p >> u32(16)) & u32(255)))
            v = i32(v + i32(green * i32((p >> u32(8)) & u32(255))))
            v = i32(v + i32(blue * i32(p & u32(255))))
            q = u32(u32(u32(x) * u32(0x9E3779B1)) ^ row)
            q = u32(u32(q ^ (q >> u32(15))) * u32(0x2C1B3C6D))
            q = u32(u32(q ^ (q >> u32(12))) * u32(0x297A2D39))
            q = u32(q ^ (q >> u32(15)))
            n = i32(i32(q & u32(255)) + i32((q >> u32(8)) & u32(255)))
            n = i32(n + i32(i32((q >> u32(16)) & u32(255)) + i32(q >> u32(24))))
            v = i32(i32(v + i32(i32(n - i32(510)) * amplitude)) + offset) >> i32(16)
            luma[y, x] = u8(min(max(v, i32(16)), i32(235)))


@kernel
def fill_chroma(pixels: Pixels, u: Plane, v: Plane, weights: NDArray[np.int32]) -> None:
    """Compute the chroma of pixels, of the mean of each square of four.

    Args:
        pixels: Pixels of shape (2 * height, 2 * width).
        u: Values of shape (height, width), 16 to 240, which are written.
        v: Values of shape (height, width), 16 to 240, which are written.
        weights: Red, green and blue of `u`, then those of `v`, times 65,536.
    """
    height, width = u.shape
    ru, gu, bu = weights[0], weights[1], weights[2]
    rv, gv, bv = weights[3], weights[4], weights[5]
    low, half = u32(0x00FF00FF), i32((128 << 18) + (1 << 17))
    for y in range(height):
        for x in range(width):
            a, b = pixels[2 * y, 2 * x], pixels[2 * y, 2 * x + 1]
            c, d = pixels[2 * y + 1, 2 * x], pixels[2 * y + 1, 2 * x + 1]
            mix = u32(u32(u32(a & low) + u32(b & low)) + u32(u32(c & low) + u32(d & low)))
            red, blue = i32(mix >> u32(16)), i32(mix & u32(0xFFFF))
            a, b, c, d = u32(a >> u32(8)), u32(b >> u32(8)), u32(c >> u32(8)), u32(d >> u32(8))
            mix = u32(u32(u32(a & low) + u32(b & low)) + u32(u32(c & low) + u32(d & low)))
            green = i32(mix & u32(0xFFFF))
            s = i32(i32(i32(ru * red) + i32(gu * green)) + i32(i32(bu * blue) + half)) >> i32(18)
            t = i32(i32(i32(rv * red) + i32(gv * green)) + i32(i32(bv * blue) + half)) >> i32(18)
            u[y, x] = u8(min(max(s, i32(16)), i32(240)))
            v[y, x] = u8(min(max(t, i32(16)), i32(240)))
