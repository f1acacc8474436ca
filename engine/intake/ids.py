"""Ids of entries, given or generated, no two of which are the same.

An id is a name for people, never a path; the folder of an entry's results is derived
from it elsewhere. An entry without an id gets one from its position and its first words, as in
`0001-lighthouse-in-a-storm`: the same file gives the same ids on every reading.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_SLUG_CHARACTERS = 40
_SLUG_FIELDS = ("title", "prompt")
_NO_LETTERS = re.compile("[^a-z0-9]+")


def made_id(number: int, data: Mapping[str, Any]) -> str:
    """Return the generated id of an entry without one.

    Args:
        number: The entry's position, from 1.
        data: The entry's fields; `title`, else `prompt`, else the first text provides the words.

    Returns:
        The position with at least four digits, then up to 40 characters of words in ASCII lower
        case; the position alone if the text has no such letters.
    """
    values = [*(data.get(name) for name in _SLUG_FIELDS), *data.values()]
    words = slug(next((text for text in values if isinstance(text, str)), ""))
    return f"{number:04d}-{words}" if words else f"{number:04d}"


def slug(text: str) -> str:
    """Return the first words of a text in ASCII lower case, joined by `-`, up to 40 characters."""
    folded = unicodedata.normalize("NFKD", text[:400]).encode("ascii", "ignore").decode().lower()
    joined = _NO_LETTERS.sub("-", folded).strip("-")
    if len(joined) <= _SLUG_CHARACTERS:
        return joined
    cut = joined[: _SLUG_CHARACTERS + 1]
    return cut.rpartition("-")[0] or cut[:_SLUG_CHARACTERS]


class Ids:
    """Ids seen so far, kept as digests of 8 bytes so that a million of them fit in memory."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}

    def place(self, key: str, number: int) -> int:
        """Claim an id for an entry.

        Args:
            key: The id.
            number: The entry's position, from 1.

        Returns:
            The position that has the id: `number`, or that of an earlier entry.
        """
        digest = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest()
        return self._first.setdefault(int.from_bytes(digest, "big"), number)
