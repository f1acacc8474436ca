"""Fonts for lyrics of any script: Pillow's own, and those that are installed on this machine."""

import hashlib
import os
import sys
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FILES = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJK-VF.otf.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "unifont.otf",
    "Arial Unicode.ttf",
    "arial.ttf",
    "msyh.ttc",
    "YuGothR.ttc",
    "malgun.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
)
"""Files of fonts in the order in which they are tried."""

_MOST_FOLDERS = 5000
"""Folders of fonts that are looked into, at most."""


class Run(NamedTuple):
    """Letters of a word that one font draws."""

    text: str
    font: Font


class Typeface:
    """Fonts of a line of text: one for most letters, and others for letters that it lacks.

    Args:
        text: The whole text.
        size: Size in pixels.

    Attributes:
        font: The font that lacks the fewest letters of the text; Pillow's if others are no better.
    """

    def __init__(self, text: str, size: int) -> None:
        self._main, self._others = _names_for(_letters(text), _names())
        self._size = size
        self.font = self._loaded(self._main)

    def runs(self, word: str) -> list[Run]:
        """Return a word as parts that have one font each; marks stay with their letters."""
        parts: list[tuple[str, str]] = []
        for letter in word:
            name = self._others.get(letter, self._main)
            if parts and (combining(letter) or not letter.strip() or parts[-1][1] == name):
                parts[-1] = parts[-1][0] + letter, parts[-1][1]
            else:
                parts.append((letter, name))
        return [Run(text, self._loaded(name)) for text, name in parts]

    def length(self, words: Sequence[str]) -> float:
        """Return the width of words with spaces between them, in pixels."""
        space = self.font.getlength(" ") * max(len(words) - 1, 0)
        runs = (run for word in words for run in self.runs(word))
        return sum((run.font.getlength(run.text) for run in runs), space)

    def _loaded(self, name: str) -> Font:
        return _font(name, self._size) or ImageFont.load_default(self._size)


def missing_letters(text: str) -> str:
    """Return the letters of a text that no font has, in order, once each."""
    letters = _letters(text)
    return "".join(one for one in letters if all(_missing(name, one) for name in _names()))


def font_files() -> tuple[Path, ...]:
    """Return the files of the fonts that are tried, in their order, without Pillow's own."""
    return tuple(Path(name) for name in _names() if name)


def fonts_of(text: str) -> tuple[str, ...]:
    """Return marks of the fonts that draw a text, by their content; of Pillow's only its name."""
    main, others = _names_for(_letters(text), _names())
    return tuple(sorted({_mark(name) for name in (main, *others.values())}))


@lru_cache(maxsize=512)
def _names_for(letters: str, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return the font of most letters, and for those that it lacks others that have them."""
    main = min(names, key=lambda name: len(_missing(name, letters)))
    others = {
        letter: name
        for letter in _missing(main, letters)
        if (name := next((one for one in names if not _missing(one, letter)), None)) is not None
    }
    return main, others


@cache
def _mark(name: str) -> str:
    if not name:
        return "pillow"
    return f"{Path(name).name}:{hashlib.sha256(Path(name).read_bytes()).hexdigest()[:16]}"


def _letters(text: str) -> str:
    return "".join(sorted({letter for letter in text if letter.strip()}))


@cache
def _names() -> tuple[str, ...]:
    """Return the fonts to try: empty for Pillow's, that of matplotlib, and those installed."""
    package = find_spec("matplotlib")
    ours: tuple[str, ...] = ()
    if package is not None and package.origin is not None:
        ours = (str(Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"),)
    installed = _installed()
    return ("", *ours, *(installed[name] for name in _FILES if name in installed))


def _installed() -> dict[str, str]:
    """Return the paths of the known fonts of this machine by the names of their files."""
    paths: dict[str, str] = {}
    for root in _roots():
        for number, (folder, _, names) in enumerate(os.walk(root)):
            for name in sorted(set(names).intersection(_FILES)):
                paths.setdefault(name, str(Path(folder) / name))
            if number >= _MOST_FOLDERS:
                break
    return paths


def _roots() -> tuple[Path, ...]:
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",)
    if sys.platform == "darwin":
        return (Path("/System/Library/Fonts"), Path("/Library/Fonts"))
    return (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> Font | None:
    try:
        return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    except OSError:
        return None


@lru_cache(maxsize=512)
def _missing(name: str, letters: str) -> str:
    """Return the letters that a font lacks: it draws them as its empty box."""
    font = _font(name, 32)
    if font is None:
        return letters
    empty = bytes(font.getmask("\U0010fffe"))
    return "".join(letter for letter in letters if bytes(font.getmask(letter)) == empty)
