"""Field types that the inputs of recipes share."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

LOCAL_PATH: dict[str, Any] = {"format": "path"}
"""Schema of a setting that names files of the machine; callers over the network may not set it."""

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # drawn as nothing


def is_visible(text: str) -> bool:
    """Return whether a text has at least one character that can be seen."""
    return any(
        unicodedata.category(letter) not in _INVISIBLE_CATEGORIES
        and letter not in _INVISIBLE_LETTERS
        for letter in text
    )


def _visible(value: Any) -> Any:
    if isinstance(value, str) and value.strip() and not is_visible(value):
        raise ValueError("holds invisible characters only; write it again")
    return value


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character; take it out")
    return text


def _not_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "must be a whole number")
    return value


def _not_bool_as_float(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("float_type", "must be a number")
    return value


def _derived_if_random(value: Any) -> Any:
    """Return None for -1, the random seed of most other tools: a batch's own seed is random."""
    return None if value == -1 or (isinstance(value, str) and value.strip() == "-1") else value


@dataclass(frozen=True)
class TextLength(GroupedMetadata):
    """Bounds of a text, which is stripped of white space at its ends.

    A text of nothing but invisible characters is refused. Used as `Annotated[str, Text(...)]`.

    Attributes:
        min_length: Characters at least.
        max_length: Characters at most.
    """

    min_length: int
    max_length: int

    def __iter__(self) -> Iterator[Any]:
        """Yield the validators that this stands for."""
        yield StringConstraints(
            strip_whitespace=True, min_length=self.min_length, max_length=self.max_length
        )
        yield AfterValidator(_without_nul)
        yield BeforeValidator(_visible)


NotBool = BeforeValidator(_not_bool)
"""For whole numbers: refuses `true` and `false`, which Python takes for 1 and 0."""

NotBoolAsFloat = BeforeValidator(_not_bool_as_float)
"""The same for other numbers."""

Name = Annotated[str, TextLength(1, 200)]
"""An entry's id, before it is checked further."""

_SEED_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": -1, "maximum": 2**63 - 1}, {"type": "null"}]
}

Seed = Annotated[
    Annotated[int, Field(ge=0, lt=2**63)] | None,
    NotBool,
    BeforeValidator(_derived_if_random),
    WithJsonSchema(_SEED_SCHEMA, mode="validation"),
]
"""A seed, 0 to 2**63 - 1; None and -1 leave it to be derived from the batch's seed."""
