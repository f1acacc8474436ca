"""Symbols that divide a cell in two colours, each with the area that its first colour covers.

Of two symbols that are each other's inverse only one is listed: the colours are exchanged instead.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tui.images.style import COLUMNS, ROWS, Symbols

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SymbolSet:
    """Symbols to choose from.

    Attributes:
        characters: The symbols, `n` of them; the first one stands for a cell of one colour.
        cover: Share of each pixel that the first colour covers, of shape (n, 32), 0..1.
        front: Sum of the squares of the shares, of shape (n,).
        mixed: Sum of their products with the rest, of shape (n,); 0 for whole pixels.
        back: Sum of the squares of the rest, of shape (n,).
        contrast: The shares less their mean, as vectors of length 1, of shape (n, 32): the square
            of a product with pixels is what two colours explain beyond one.
    """

    characters: str
    cover: Floats
    front: Floats
    mixed: Floats
    back: Floats
    contrast: Floats

    @property
    def determinant(self) -> Floats:
        """Determinant of the equations of both colours, of shape (n,), above 0."""
        return self.front * self.back - self.mixed**2


@lru_cache(4)
def symbol_set(symbols: Symbols) -> SymbolSet:
    """Return the symbols that a terminal has."""
    areas = dict(_listed(symbols))
    cover = np.array([area.ravel() for area in areas.values()], np.float32)
    rest = 1 - cover
    centred = cover - cover.mean(1, keepdims=True)
    return SymbolSet(
        "".join(areas),
        cover,
        (cover * cover).sum(1),
        (cover * rest).sum(1),
        (rest * rest).sum(1),
        centred / np.linalg.norm(centred, axis=1, keepdims=True),
    )


def _listed(symbols: Symbols) -> Iterator[tuple[str, Floats]]:
    yield "▀", _area([(0, 0)], 1, 2)
    if symbols == "half":
        return
    yield "▐", _area([(1, 0)], 2, 1)
    yield from zip("▘▝▖▗▚", map(_quadrants, (1, 2, 4, 8, 9)), strict=True)
    yield from ((chr(0x2580 + n), _area([(0, 7 - k) for k in range(n)], 1, 8)) for n in _EIGHTHS)
    yield "▎", _area([(0, 0)], 4, 1)
    yield "▊", _area([(0, 0), (1, 0), (2, 0)], 4, 1)
    if symbols == "sextants":
        yield from ((chr(0x1FB00 + at), _blocks(bits, 3)) for at, bits in enumerate(_SEXTANTS))
    elif symbols == "octants":
        yield from ((chr(0x1CD00 + at), _blocks(bits, 4)) for at, bits in _octants())


_EIGHTHS = (1, 2, 3, 5, 6, 7)
"""Lower blocks in eighths; four are a half."""

_SEXTANTS = [bits for bits in range(1, 32) if bits != 0b010101]
"""The first sextants in order, by the bits of their areas; the left half is an older symbol."""

_OLDER = {
    0b00000001, 0b00000010, 0b01000000, 0b10000000, 0b00000011, 0b11000000, 0b00010100, 0b00101000,
    0b00111111, 0b11111100,
}  # fmt: skip
"""Octants that are older symbols, besides quadrants."""


def _octants() -> Iterator[tuple[int, int]]:
    """Return the octants without the bottom right, by their place among all of them."""
    quadrants = {
        sum(0b101 << _QUARTERS[q] for q in range(4) if bits >> q & 1) for bits in range(16)
    }
    octants = [bits for bits in range(256) if bits not in quadrants and bits not in _OLDER]
    return ((at, bits) for at, bits in enumerate(octants) if bits < 128)


_QUARTERS = (0, 1, 4, 5)


def _quadrants(bits: int) -> Floats:
    return _blocks(bits, 2)


def _blocks(bits: int, rows: int) -> Floats:
    """Return the area of blocks, two across; bits count from the top left, row by row."""
    return _area([(k % 2, k // 2) for k in range(2 * rows) if bits >> k & 1], 2, rows)


def _area(blocks: Iterable[tuple[int, int]], columns: int, rows: int) -> Floats:
    """Return the share of each pixel that some blocks of a cell cover."""
    fine = np.zeros((rows * ROWS, columns * COLUMNS), np.float32)
    for x, y in blocks:
        fine[y * ROWS : (y + 1) * ROWS, x * COLUMNS : (x + 1) * COLUMNS] = 1
    shares = fine.reshape(ROWS, rows, COLUMNS, columns).mean((1, 3))
    return np.asarray(shares, np.float32)
