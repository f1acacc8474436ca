"""Text in lines of a number of terminal cells, of which wide characters take two."""

import unicodedata
from collections.abc import Iterator


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text in lines of at most some cells, broken between words where that is possible.

    Args:
        text: The text, cleaned. Its line breaks are kept.
        columns: Width in cells, at least 2.
    """
    return [line for part in text.splitlines() for line in _lines(part, max(2, columns))]


def cells(text: str) -> int:
    """Return the width of a text in cells."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _lines(text: str, columns: int) -> Iterator[str]:
    line, width = "", 0
    for word in text.split():
        for piece in _pieces(word, columns):
            taken = cells(piece)
            if line and width + 1 + taken > columns:
                yield line
                line, width = piece, taken
            else:
                line, width = (f"{line} {piece}", width + 1 + taken) if line else (piece, taken)
    yield line


def _pieces(word: str, columns: int) -> Iterator[str]:
    """A word in pieces that fit a line."""
    piece, width = "", 0
    for character in word:
        taken = _cells(character)
        if width + taken > columns:
            yield piece
            piece, width = "", 0
        piece, width = piece + character, width + taken
    yield piece
