"""Choice of the symbol and the two colours of each cell, by least error.

For each symbol the best two colours are the solution of two linear equations; the error that
remains is that of OKLab, in which distances are those that are seen. All symbols of many cells are
tried at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tui.images.palette import Bytes, Floats, Palette, features, oklab, palette_of, shades_of_16
from tui.images.style import COLUMNS, ROWS, CellStyle
from tui.images.symbols import SymbolSet, symbol_set

MOST_PRODUCTS = 250_000
"""Maximum multiplications of a matrix product: larger ones numpy's BLAS gives to several threads,
which wait for each other in loops on a machine that has other work."""

TRIED = 6
"""Symbols that are tried with the colours of a palette, the best of those with free ones."""

INVISIBLE = 2e-4
"""Gain that is not seen: without more, a cell is of one colour and gets the first symbol."""

LEAST_GAIN = 0.012
"""Squared distance per pixel that dots must gain: a texture is seen where there was a colour."""

FORM = 12
"""Weight of a cell's edges and texture, which dots hide, against its mean colour."""

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class FittedCells:
    """Cells of an image.

    Attributes:
        symbols: Number of each cell's symbol in `characters`, of shape (n,).
        front: Colours of the symbols, sRGB of shape (n, 3).
        back: Colours behind them, sRGB of shape (n, 3).
        characters: The symbols.
    """

    symbols: Indices
    front: Bytes
    back: Bytes
    characters: str


def fit(pixels: Bytes, style: CellStyle) -> FittedCells:
    """Fit the symbols of a style to an image.

    Args:
        pixels: sRGB of shape (8 x rows, 4 x columns, 3).
        style: Colours and symbols; not `half` and not `none`.

    Returns:
        The cells, row by row.
    """
    height, width, _ = pixels.shape
    grid = pixels.reshape(height // ROWS, ROWS, width // COLUMNS, COLUMNS, 3)
    cells = grid.transpose(0, 2, 1, 3, 4).reshape(-1, ROWS * COLUMNS, 3)
    known = symbol_set(style.symbols)
    step = _at_once(known, style)
    parts = [_fit(cells[at : at + step], known, style) for at in range(0, len(cells), step)]
    shades = shades_of_16().characters if style.colours == "16" else ""
    symbols, front, back = (np.concatenate(part) for part in zip(*parts, strict=True))
    return FittedCells(symbols, front, back, known.characters + shades)


def _at_once(known: SymbolSet, style: CellStyle) -> int:
    """Return the number of cells that are fitted at once."""
    products = known.cover.size
    if style.colours == "16":
        products = max(products, shades_of_16().places.size)
    return max(1, MOST_PRODUCTS // products)


def _fit(cells: Bytes, known: SymbolSet, style: CellStyle) -> tuple[Indices, Bytes, Bytes]:
    if style.colours == "true":
        return _freely(cells, known)
    fitted = _from_palette(cells, known, palette_of(style.colours))
    return _shaded(cells, known, fitted) if style.colours == "16" else fitted[:3]


def _gains(values: Floats, known: SymbolSet) -> Floats:
    """Return the squares that each symbol explains beyond what the cell's mean does.

    Args:
        values: The pixels of cells, of shape (n, 32, c).
        known: The symbols.

    Returns:
        Sums of squares, of shape (n, symbols).
    """
    gains = np.zeros((len(values), len(known.contrast)), np.float32)
    for channel in np.moveaxis(values, -1, 0):
        explained = np.ascontiguousarray(channel) @ known.contrast.T
        gains += explained * explained
    gains[:, 0] += INVISIBLE
    return gains


def _sums(values: Floats, known: SymbolSet, chosen: Indices) -> tuple[Floats, Floats]:
    """Return the sums of values under chosen symbols and beside them, of shape (n, k, c)."""
    under = np.matmul(known.cover[chosen], values)
    return under, values.sum(1)[:, None] - under


def _colours(
    under: Floats, beside: Floats, known: SymbolSet, chosen: Indices
) -> tuple[Floats, Floats]:
    """Return the best two colours of chosen symbols; sums and colours of shape (..., c)."""
    front, mixed, back, scale = (
        values[chosen][..., None]
        for values in (known.front, known.mixed, known.back, known.determinant)
    )
    one = (back * under - mixed * beside) / scale
    other = (front * beside - mixed * under) / scale
    return np.asarray(one, np.float32), np.asarray(other, np.float32)


def _freely(cells: Bytes, known: SymbolSet) -> tuple[Indices, Bytes, Bytes]:
    chosen = _gains(oklab(cells), known).argmax(1)
    sums = _sums(cells.astype(np.float32), known, chosen[:, None])
    front, back = _colours(*sums, known, chosen[:, None])
    return chosen, _bytes(front[:, 0]), _bytes(back[:, 0])


def _bytes(values: Floats) -> Bytes:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _from_palette(
    cells: Bytes, known: SymbolSet, palette: Palette
) -> tuple[Indices, Bytes, Bytes, Floats]:
    """Return symbols and colours, and the errors less the sums of squares of the cells."""
    values = features(cells)
    tried = np.argpartition(_gains(values, known), -TRIED, 1)[:, -TRIED:]
    under, beside = _sums(values, known, tried)
    one, other = (palette.nearest(best) for best in _colours(under, beside, known, tried))
    front, back = palette.places[one], palette.places[other]
    errors = (
        known.front[tried] * (front * front).sum(2)
        + known.back[tried] * (back * back).sum(2)
        + 2 * known.mixed[tried] * (front * back).sum(2)
        - 2 * (front * under + back * beside).sum(2)
    )
    best = errors.argmin(1)
    at = np.arange(len(cells)), best
    one, other = one[at], other[at]
    symbols = np.where(one == other, 0, tried[at])
    return symbols, palette.sent[one], palette.sent[other], errors[at]


def _shaded(
    cells: Bytes, known: SymbolSet, fitted: tuple[Indices, Bytes, Bytes, Floats]
) -> tuple[Indices, Bytes, Bytes]:
    """Return the cells, dotted in two colours where these mix to a much better one.

    Of a cell with edges the two colours of a symbol say more than the right mean, so dots are for
    smooth ones.
    """
    shades, palette = shades_of_16(), palette_of("16")
    symbols, front, back, errors = fitted
    values = features(cells)
    mean = values.mean(1)
    mix, distances = shades.nearest(mean)
    squares = (values * values).mean((1, 2)) * values.shape[2]
    form = squares - (mean * mean).sum(1)
    better = distances + FORM * form + LEAST_GAIN < errors / (ROWS * COLUMNS) + squares
    wide = better[:, None]
    return (
        np.where(better, len(known.characters) + shades.which[mix], symbols),
        np.where(wide, palette.sent[shades.front[mix]], front),
        np.where(wide, palette.sent[shades.back[mix]], back),
    )
