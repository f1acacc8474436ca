"""The vocabulary: which words of a prompt name what, read from `words.toml` in this package."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

FAMILIES = ("subject", "light", "backlit", "weather", "mood", "composition", "medium")
"""The families of words that name something to paint or a way to paint it."""

LONGEST = 4
"""Words in the longest phrase of the vocabulary."""


@dataclass(frozen=True, slots=True)
class Term:
    """What a word or phrase names.

    Attributes:
        family: One of `FAMILIES`, or `colour`.
        name: The entry of the family, for example `lighthouse`.
        value: For a colour its `#rrggbb`, otherwise empty.
    """

    family: str
    name: str
    value: str = ""


@cache
def vocabulary() -> dict[str, Any]:
    """Return the words of each family, parsed from `words.toml`."""
    return tomllib.loads(
        files("engine.imaging.vocabulary").joinpath("words.toml").read_text("utf-8")
    )


@cache
def phrases() -> dict[tuple[str, ...], Term]:
    """Every phrase of the vocabulary as a tuple of words, with what it names."""
    table = vocabulary()
    known: dict[tuple[str, ...], Term] = {}
    for name, value in table["colour"].items():
        known[tuple(name.split("-"))] = Term("colour", name, value)
        known[(name,)] = Term("colour", name, value)
    for family in FAMILIES:
        for name, spellings in table[family].items():
            for spelling in spellings:
                known.setdefault(tuple(spelling.split()), Term(family, name))
    return known


def lookup(words: tuple[str, ...]) -> Term | None:
    """What the words name together, also in the plural; None where they name nothing."""
    known = phrases()
    if words in known:
        return known[words]
    *head, last = words
    for ending, singular in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if last.endswith(ending) and len(last) > len(ending) + 1:
            term = known.get((*head, last.removesuffix(ending) + singular))
            if term is not None:
                return term
    return None
