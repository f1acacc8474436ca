"""Lines of a text of any size, found once, and decoded and cleaned only as they are shown."""

import mmap
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from engine.text.terminal import clean

MAX_LINE = 4096
"""Maximum bytes of a line; longer ones are continued on the next, without a number."""

MAX_MATCHES = 100_000
"""Maximum lines that are found by a search."""

CHUNK = 2**20
"""Bytes that are searched at a time; other threads run between them."""

TAB = 4
"""Cells between tab stops."""


class TextLines:
    """The lines of a text.

    Args:
        data: The text in UTF-8; anything else is shown with replacement characters.
    """

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._starts = array("Q", _starts(data))
        self._continued = array("Q", self._continuations())

    @classmethod
    def of(cls, text: str) -> "TextLines":
        """Return the lines of a text, cleaned."""
        return cls(clean(text, None, keep_newlines=True).encode())

    @classmethod
    def read(cls, path: Path) -> "TextLines":
        """Return the lines of a file, which is mapped and not read.

        Raises:
            OSError: The file cannot be read.
        """
        with path.open("rb") as file:
            if not path.stat().st_size:
                return cls(b"")
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    @property
    def size(self) -> int:
        """Size in bytes."""
        return len(self._data)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> str:
        """Return a line, cleaned, without its end."""
        begin = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self._data)
        text = self._data[begin:end].decode("utf-8", "replace").rstrip("\r\n")
        line = clean(text, None, keep_newlines=True).replace("\n", " ")
        return line.expandtabs(TAB) if "\t" in line else line

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def number(self, index: int) -> int | None:
        """Return the number of a line, from 1; None if it continues the one before it."""
        before = bisect_left(self._continued, index)
        if before < len(self._continued) and self._continued[before] == index:
            return None
        return index - before + 1

    def search(self, words: str) -> list[int]:
        """Return the lines that contain words, in order, at most 100 000.

        Case matters only if the words have a capital letter.
        """
        pattern = pattern_of(words)
        raw = re.compile(pattern.pattern.encode(), pattern.flags & re.IGNORECASE)
        matches: list[int] = []
        for position in self._positions(raw, len(words.encode())):
            line = bisect_right(self._starts, position) - 1
            if not matches or matches[-1] != line:
                matches.append(line)
                if len(matches) >= MAX_MATCHES:
                    break
        return matches

    def _positions(self, pattern: "re.Pattern[bytes]", length: int) -> Iterator[int]:
        for begin in range(0, len(self._data), CHUNK):
            part = self._data[begin : begin + CHUNK + length - 1]
            yield from (begin + match.start() for match in pattern.finditer(part))

    def _continuations(self) -> Iterator[int]:
        data = self._data
        return (i for i, at in enumerate(self._starts) if at and data[at - 1] != ord("\n"))


def pattern_of(words: str) -> "re.Pattern[str]":
    """Return the pattern of words that are searched as they are written."""
    flags = re.IGNORECASE if words == words.lower() else re.NOFLAG
    return re.compile(re.escape(words), flags)


def _starts(data: bytes | mmap.mmap) -> Iterator[int]:
    """Yield the start of each line, and of each part of a long one."""
    begin, end = 0, len(data)
    yield 0
    for match in re.finditer(b"\n", data):
        yield from _parts(data, begin, match.start())
        begin = match.end()
        if begin < end:
            yield begin
    yield from _parts(data, begin, end)


def _parts(data: bytes | mmap.mmap, begin: int, end: int) -> Iterator[int]:
    """Yield the starts of the further parts of a line, never inside of a character."""
    while end - begin > MAX_LINE:
        begin += MAX_LINE
        for _ in range(3):
            if data[begin] & 0xC0 == 0x80:
                begin -= 1
        yield begin
