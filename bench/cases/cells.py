"""Images in cells beside chafa's symbol mode: both drawn at 80 x 40 and rendered with one geometry.

The text of each is read back, its block elements are drawn as exact areas of 24 x 48 pixels, other
characters of chafa's as blanks, and the result is compared with the image at 8 x 16 pixels a cell.

Usage: python -m bench.cases.cells IMAGE...
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color, ColorSystem
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from scipy.ndimage import gaussian_filter

from bench.machine import emit
from tui.images.cells import draw
from tui.images.palette import STANDARD_COLOURS
from tui.images.style import CellStyle, pixels_of

COLUMNS, ROWS, WIDE, HIGH = 80, 40, 24, 48
ROUNDS = 5
SYSTEMS = {"256": ColorSystem.EIGHT_BIT, "16": ColorSystem.STANDARD}
CHAFA = {"true": "full", "256": "256", "16": "16"}
_LOOK = re.compile(r"\x1b\[([\d;]*)m|\x1b\[\?\d+[hl]|(.)")
_QUADRANTS = dict(zip("▘▝▀▖▌▞▛▗▚▐▜▄▙▟█", range(1, 16), strict=True))

Floats = NDArray[np.floating[Any]]
Rgb = tuple[int, int, int]
Cell = tuple[str, Rgb, Rgb]


def _area(bits: int, columns: int, rows: int) -> Floats:
    flags = np.array([bits >> n & 1 for n in range(columns * rows)], float).reshape(rows, columns)
    return np.kron(flags, np.ones((HIGH // rows, WIDE // columns)))


@lru_cache(512)
def glyph(sign: str) -> Floats:
    """Return the area of a block element; blank for anything else."""
    code = ord(sign)
    if sign in _QUADRANTS:
        return _area(_QUADRANTS[sign], 2, 2)
    if 0x2581 <= code <= 0x2587:
        return _area(0xFF << (0x2588 - code) & 0xFF, 1, 8)
    if 0x2589 <= code <= 0x258F:
        return _area((1 << (0x2590 - code)) - 1, 8, 1)
    if 0x1FB00 <= code <= 0x1FB3B:
        bits = code - 0x1FB00 + 1
        bits += bits >= 0b010101
        return _area(bits + (bits >= 0b101010), 2, 3)
    if sign in "░▒":
        y, x = np.mgrid[:HIGH, :WIDE] // 3
        half = (y + x) % 2 == 0
        quarter = (y % 2 == 0) & ((x + y // 2) % 2 == 0)
        return np.asarray(half if sign == "▒" else quarter, float)
    return np.zeros((HIGH, WIDE))


def rendered(rows: list[list[Cell]]) -> Floats:
    """Return cells as an image of 8 x 16 pixels each."""
    image = np.zeros((ROWS * HIGH, COLUMNS * WIDE, 3))
    for y, row in enumerate(rows):
        for x, (sign, front, back) in enumerate(row):
            share = glyph(sign)[..., None]
            area = image[y * HIGH : (y + 1) * HIGH, x * WIDE : (x + 1) * WIDE]
            area[:] = share * np.array(front) + (1 - share) * np.array(back)
    return np.asarray(image.reshape(ROWS * HIGH // 3, 3, COLUMNS * WIDE // 3, 3, 3).mean((1, 3)))


def _indexed(number: int) -> Rgb:
    if number < 16:
        return STANDARD_COLOURS[number]
    red, green, blue = Color.from_ansi(number).get_truecolor(DEFAULT_TERMINAL_THEME)
    return red, green, blue


def of_chafa(path: Path, colours: str, symbols: str | None) -> list[list[Cell]]:
    """Return the cells that chafa draws, at its greatest effort."""
    chosen = ["--symbols", symbols] if symbols else []
    size = f"{COLUMNS}x{ROWS}"
    command = ["chafa", "-f", "symbols", "-s", size, "--stretch", "-w", "9", "-c", CHAFA[colours]]
    command += [*chosen, str(path)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [list(_read(line)) for line in text.splitlines()]
    return [row for row in rows if row]


def _read(line: str) -> Iterator[Cell]:
    front, back, swapped = (255, 255, 255), (0, 0, 0), False
    for token in _LOOK.finditer(line):
        if token[2]:
            yield (token[2], back, front) if swapped else (token[2], front, back)
        elif token[1] is not None:
            codes = [int(code or 0) for code in token[1].split(";")]
            while codes:
                code = codes.pop(0)
                if code == 0:
                    front, back, swapped = (255, 255, 255), (0, 0, 0), False
                elif code == 7:
                    swapped = True
                elif code in {38, 48}:
                    is_rgb = codes.pop(0) == 2
                    taken = [codes.pop(0) for _ in range(3 if is_rgb else 1)]
                    colour = (taken[0], taken[1], taken[2]) if is_rgb else _indexed(taken[0])
                    front, back = (colour, back) if code == 38 else (front, colour)
                elif (start := code // 10 * 10) in {30, 40, 90, 100}:
                    colour = _indexed(code - start + (8 if start >= 90 else 0))
                    front, back = (colour, back) if start in {30, 90} else (front, colour)


def of_ours(image: Image.Image, style: CellStyle) -> tuple[list[list[Cell]], float]:
    """Return our cells as the terminal shows them, and the processor time in milliseconds."""
    pixels = image.resize(pixels_of(COLUMNS, ROWS, style), Image.Resampling.BOX)
    draw(pixels, style)
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        strips = draw(pixels, style)
        times.append(1000 * (time.process_time() - started))
    rows = [
        [(sign, _shown(s.style.color, style), _shown(s.style.bgcolor, style))  # type: ignore[union-attr]
         for s in strip for sign in s.text]
        for strip in strips
    ]  # fmt: skip
    return rows, median(times)


def _shown(colour: Color | None, style: CellStyle) -> Rgb:
    assert colour is not None
    if style.colours == "true":
        red, green, blue = colour.get_truecolor()
        return red, green, blue
    return _indexed(colour.downgrade(SYSTEMS[style.colours]).number or 0)


def psnr(one: Floats, other: Floats) -> float:
    """Return the peak signal-to-noise ratio in decibels."""
    return float(10 * np.log10(255**2 / np.mean((one - other) ** 2)))


def ssim(one: Floats, other: Floats) -> float:
    """Return the structural similarity of the brightness, with a window of sigma 1.5."""
    a, b = (image @ np.array([0.299, 0.587, 0.114]) for image in (one, other))
    blur = lambda image: gaussian_filter(image, 1.5, truncate=3.5)  # noqa: E731 - a formula
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + 6.5025) * (2 * both + 58.5225)
    return float((top / ((mean_a**2 + mean_b**2 + 6.5025) * (var_a + var_b + 58.5225))).mean())


CASES = {
    "quadrants": (CellStyle("true", "quadrants"), None),
    "sextants": (CellStyle("true", "sextants"), "block+border+space+sextant"),
    "256": (CellStyle("256", "quadrants"), None),
    "16": (CellStyle("16", "quadrants"), None),
}
"""Our styles, and the symbols that chafa may use; its own defaults where there are none."""


def main() -> None:
    figures: dict[str, Any] = {}
    paths = [Path(name) for name in sys.argv[1:]]
    for name, (style, symbols) in CASES.items():
        ours: list[tuple[float, float]] = []
        peer: list[tuple[float, float]] = []
        times: list[float] = []
        for path in paths:
            image = Image.open(path).convert("RGB")
            size = (COLUMNS * 8, ROWS * 16)
            goal = np.asarray(image.resize(size, Image.Resampling.BOX), float)
            cells, milliseconds = of_ours(image, style)
            times.append(milliseconds)
            for scores, rows in ((ours, cells), (peer, of_chafa(path, style.colours, symbols))):
                drawn = rendered(rows)
                scores.append((psnr(drawn, goal), ssim(drawn, goal)))
        figures[name] = {
            "ours": [mean(column) for column in zip(*ours, strict=True)],
            "chafa": [mean(column) for column in zip(*peer, strict=True)],
            "ms": median(times),
        }
    emit(**figures)


if __name__ == "__main__":
    main()
