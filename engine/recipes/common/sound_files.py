"""Sound files among the files of an input: their names, their order, their tags."""

import re
from pathlib import Path

from engine.audio.probe import probe
from engine.audio.tags import read_tags
from engine.contract.files import MAX_SOUND_BYTES, open_regular

_NAMES = (
    "aac ac3 aif aifc aiff alac amr ape au caf flac m4a m4b mka mp2 mp3 oga ogg opus snd tta voc "
    "w64 wav wave weba wma wv"
)
SOUND_SUFFIXES = frozenset(f".{name}" for name in _NAMES.split())
"""Endings of files that are meant to be sounds: one that cannot be decoded is a failed entry."""

MAX_NAMES = 1_000_000
"""Files of one folder or pattern that are looked at."""

_DIGITS = re.compile("([0-9]+)")


def problem_of(path: Path) -> str:
    """Return the end of a sentence on why a file is no sound that can be decoded, or nothing."""
    try:
        with open_regular(path, MAX_SOUND_BYTES) as stream:
            probe(stream)
    except FileNotFoundError:
        return "does not exist, or is a link to nothing"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        return str(error)
    return ""


def tags_of(path: Path) -> dict[str, str]:
    """Return the tags of a sound file by their names; none if it cannot be read."""
    try:
        with open_regular(path, MAX_SOUND_BYTES) as stream:
            return read_tags(stream)
    except (OSError, ValueError):
        return {}


def natural_order(path: Path) -> list[tuple[int, int, str]]:
    """Return the key that sorts `2.wav` before `10.wav`."""
    parts = _DIGITS.split(str(path).casefold())
    return [_rank(part) for part in parts]


def _rank(part: str) -> tuple[int, int, str]:
    if part[:1].isascii() and part.isdigit():
        digits = part.lstrip("0")
        return 0, len(digits), digits
    return 1, 0, part
