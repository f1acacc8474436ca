"""Text that SQLite can store, and hashes in stored text."""

import re

_HASH = re.compile('"hash" ?: ?"([0-9a-f]{64})"')


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
    escaped = [f"\\{letter}" if letter in "%_\\" else letter for letter in letters]
    return f"%{'%'.join(escaped)}%"
