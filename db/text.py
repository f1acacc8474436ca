"""Text that SQLite can store, hashes in stored text, and words of scripts without spaces."""

import re
from functools import cache

_HASH = re.compile('"hash" ?: ?"([0-9a-f]{64})"')

CJK = (
    "\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Characters of Chinese, Japanese and Korean, as in a class of a regular expression."""

BREAK = "\u200b"
"""Zero width space: where a word of the index ends, although no space is there."""


@cache
def _cjk() -> re.Pattern[str]:
    """Return the pattern of one character; compiling it takes longer than many modules."""
    return re.compile(f"[{CJK}][\u3099\u309a]?")


def spaced(text: str) -> str:
    """Return a text with a `BREAK` around each CJK character, which makes it a word of its own."""
    if text.isascii():
        return text
    return _cjk().sub(f"{BREAK}\\g<0>{BREAK}", text).replace(BREAK * 2, BREAK)


def is_cjk(character: str) -> bool:
    """Return True for a character that is a word of its own."""
    return _cjk().fullmatch(character) is not None


def storable(text: str) -> str:
    r"""Return the text with lone surrogates escaped as `\udc80`.

    The message of an error may contain anything, such as a file's name; SQLite stores only valid
    UTF-8, and an error must never be lost because of one character.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def hashes_in(text: str) -> list[str]:
    """Return the hashes of stored files that a JSON text names."""
    return _HASH.findall(text)


def letters_between(letters: str) -> str:
    """Return the pattern of LIKE, escaped by a backslash, of texts with letters in an order."""
    return f"%{'%'.join(map(_escaped, letters))}%"


def containing(text: str) -> str:
    """Return the pattern of LIKE, escaped by a backslash, of texts that contain another."""
    return f"%{''.join(map(_escaped, text))}%"


def _escaped(letter: str) -> str:
    return f"\\{letter}" if letter in "%_\\" else letter
