"""Keys as they are found in the environment, and what shows that one cannot be a key."""

import unicodedata
from typing import Self

_TYPEWRITER = ('"', "'")
_TYPOGRAPHIC = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a"


class Key(str):
    """A key, with the name that it was found under.

    Attributes:
        name: Name of the environment variable.
    """

    __slots__ = ("name",)
    name: str

    def __new__(cls, value: str, name: str = "") -> Self:
        """Keep the value as it is."""
        key = super().__new__(cls, value)
        key.name = name
        return key

    @property
    def fault(self) -> str:
        """Reason why it cannot be a key, without a character of it; empty if it may be one.

        Keys are sent in headers, which hold printable ASCII. Anything else came in by copying.
        """
        for character in self:
            if character in _TYPOGRAPHIC:
                return f"holds a typographic quotation mark ({_code(character)})"
            if not " " <= character <= "~":
                return f"holds {_kind(character)} ({_code(character)})"
        if self.startswith(_TYPEWRITER) or self.endswith(_TYPEWRITER):
            return "begins or ends with a quotation mark"
        return ""


def _kind(character: str) -> str:
    if character in "\r\n\u2028\u2029":
        return "a line break"
    category = unicodedata.category(character)
    if category == "Cc":
        return "a control character"
    return "an invisible character" if category in {"Cf", "Zs"} else "a character outside ASCII"


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
