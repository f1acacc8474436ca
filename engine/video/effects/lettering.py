"""Lines of lyrics as strips of pixels, drawn by Pillow."""

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from engine.text.terminal import clean
from engine.video.effects.fonts import Font, Typeface, fonts_of
from engine.video.plan import LyricLine, LyricsStyle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]

MAX_LINES = 3
"""Lines that one line of the lyrics is broken into; the letters get smaller instead of more."""

MARGIN = 0.07
"""Space to each side as a share of the width."""


class Box(NamedTuple):
    """Place of a word in a strip: columns and rows."""

    left: int
    top: int
    right: int
    bottom: int


class Strip(NamedTuple):
    """A line of the lyrics over the whole width of the film.

    Attributes:
        plain: BGRA pixels, their colours multiplied by their alpha.
        sung: The same in the colour of words that have been sung.
        boxes: Place of each word, in order.
    """

    plain: "Frame"
    sung: "Frame"
    boxes: tuple[Box, ...]


def words_in(line: LyricLine) -> list[str]:
    """Return the words of a line as they are drawn."""
    return [_composed(word[2], 60) for word in line.words] or _composed(line.text, 500).split()


def fonts_of_line(line: LyricLine) -> tuple[str, ...]:
    """Return marks of the fonts that a line is drawn in."""
    return fonts_of("".join(words_in(line)))


def strip_of(line: LyricLine, style: LyricsStyle, film: tuple[int, int]) -> Strip:
    """Draw a line of the lyrics.

    Args:
        line: The line.
        style: Look of the lyrics.
        film: Width and height of the film.
    """
    words = words_in(line)
    size = max(8, round(style.size * min(film)))
    rows, face = _broken(words, size, round(film[0] * (1 - 2 * MARGIN)))
    pitch = round(1.3 * font_size(face.font, size))
    height = min(film[1], pitch * max(len(rows), 1) + size)
    boxes: list[Box] = []
    image = Image.new("L", (film[0], height))
    draw = ImageDraw.Draw(image)
    for number, row in enumerate(rows):
        x = (film[0] - face.length(row)) / 2
        y = size // 2 + number * pitch
        for word in row:
            right = _drawn(draw, (x, y), word, face)
            boxes.append(Box(round(x), y, round(right), y + pitch))
            x = right + face.font.getlength(" ")
    plain = _coloured(image, style.colour, style.shadow, size)
    sung = _coloured(image, style.highlight, style.shadow, size)
    return Strip(plain, sung, tuple(boxes))


def _drawn(draw: ImageDraw.ImageDraw, at: tuple[float, int], word: str, face: Typeface) -> float:
    """Draw a word, its fonts on one base line; return where it ends."""
    x, top = at
    base = _ascent(face.font)
    for run in face.runs(word):
        draw.text((x, top + base - _ascent(run.font)), run.text, fill=255, font=run.font)
        x += run.font.getlength(run.text)
    return x


def _ascent(font: Font) -> int:
    return font.getmetrics()[0] if isinstance(font, FreeTypeFont) else 0


def _composed(text: str, limit: int) -> str:
    """Return a text as it is drawn: letters with their marks in one, which more fonts have."""
    return clean(normalize("NFC", text), limit)


def font_size(font: Font, default: int) -> float:
    """Return the size of a font in pixels."""
    return float(getattr(font, "size", default))


def _broken(words: list[str], size: int, width: int) -> tuple[list[list[str]], Typeface]:
    """Return words as rows of a width, and the fonts in which at most `MAX_LINES` are needed."""
    while True:
        face = Typeface("".join(words), size)
        rows: list[list[str]] = []
        for word in words:
            if rows and face.length([*rows[-1], word]) <= width:
                rows[-1].append(word)
            else:
                rows.append([word])
        fits = all(face.length(row) <= width for row in rows)
        if size <= 8 or (fits and len(rows) <= MAX_LINES):
            return rows, face
        size = max(8, int(size * 0.85))


def _coloured(mask: Image.Image, colour: str, shadow: bool, size: int) -> "Frame":
    """Return white-on-black text as pixels of a colour, with a dark edge around it."""
    import cv2
    import numpy as np

    alpha = np.asarray(mask, np.float32) / 255
    under = np.zeros_like(alpha)
    if shadow:
        edge = 2 * max(1, size // 24) + 1
        dark = cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge)))
        glow = cv2.GaussianBlur(np.asarray(dark, np.float32), (0, 0), max(1.0, size / 16))
        under = np.maximum(np.asarray(dark) * 0.75, np.minimum(np.asarray(glow) * 0.9, 0.6))
    rgb = [int(colour[place : place + 2], 16) for place in (5, 3, 1)]
    strip = np.empty((*alpha.shape, 4), np.uint8)
    strip[..., :3] = np.rint(alpha[..., None] * np.array(rgb))
    strip[..., 3] = np.rint(255 * (alpha + (1 - alpha) * under))
    return strip
