"""Fonts for lyrics of any script: Pillow's own, and those that are installed on this machine."""

import os
import sys
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

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


def font_for(text: str, size: int) -> Font:
    """Return the font that lacks the fewest letters of a text; Pillow's if others are no better.

    Args:
        text: The text.
        size: Size in pixels.
    """
    letters = _letters(text)
    name = min(_names(), key=lambda name: len(_missing(name, letters)))
    return _font(name, size) or ImageFont.load_default(size)


def missing_letters(text: str) -> str:
    """Return the letters of a text that the font for it does not have, in order, once each."""
    letters = _letters(text)
    return min((_missing(name, letters) for name in _names()), key=len)


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
