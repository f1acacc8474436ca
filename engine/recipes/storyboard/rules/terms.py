"""The terms of the trade: the vocabulary of `shots.toml`, and text as words to be looked up."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

LIMIT = 20_000
"""Characters of a text that are read, from its beginning."""

LONGEST = 6
"""Words of the longest term."""

NOISE = ("praise", "steering", "neutral")
"""Words of the vocabulary that are not terms of the trade."""

_TOKEN = re.compile(
    r"#[0-9a-f]{6}\b|\bf/(?=\d)|\d{1,2},\d{3}\b|\d+(?:\.\d+)?"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*|[.,;:!?()\n]"
)
_MARKS = frozenset(".,;:!?()\n")

Phrase = tuple[str, ...]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class VocabularyTerm:
    """One term of the vocabulary; the attributes are the keys of `shots.toml`."""

    family: str
    name: str
    write: str = ""
    rank: float | None = None
    against: tuple[str, ...] = ()
    lit: bool = False
    range: Span | None = None
    means: str = ""

    @property
    def full_name(self) -> str:
        """Family and name, for example `size.wide`."""
        return f"{self.family}.{self.name}"


@cache
def table() -> dict[str, Any]:
    """The vocabulary as it is written, `shots.toml` parsed."""
    text = files("engine.recipes.storyboard.rules").joinpath("shots.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def entries() -> dict[str, VocabularyTerm]:
    """Every entry by its full name."""
    known: dict[str, VocabularyTerm] = {}
    for family, rows in table().items():
        if family in ("family", "noise"):
            continue
        for name, row in rows.items():
            known[f"{family}.{name}"] = VocabularyTerm(
                family=family,
                name=name,
                write=row.get("write", ""),
                rank=row.get("rank"),
                against=tuple(row.get("against", ())),
                lit=row.get("lit", False),
                range=tuple(row["range"]) if "range" in row else None,
                means=row.get("means", ""),
            )
    return known


@cache
def _phrases() -> dict[Phrase, str]:
    known: dict[Phrase, str] = {}
    for full_name, entry in entries().items():
        row = table()[entry.family][entry.name]
        for spelling in (*row.get("names", ()), *([row["write"]] if "write" in row else ())):
            known.setdefault(words_of(spelling), full_name)
    for kind in NOISE:
        for spelling in table()["noise"][kind]:
            known.setdefault(words_of(spelling), f"noise.{kind}")
    return known


@cache
def _first_words() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _phrases())


def named(phrase: Phrase) -> str | None:
    """The full name of the term that words name together, also in the plural; None for none."""
    *head, last = phrase
    if head and head[0] not in _first_words():
        return None
    words = [last]
    if len(last) > 3 and last.endswith("s"):
        words += [last.removesuffix("s"), last.removesuffix("es")]
    return next((_phrases()[key] for w in words if (key := (*head, w)) in _phrases()), None)


def terms_in(words: Phrase) -> Iterator[tuple[Phrase, VocabularyTerm]]:
    """The terms that words hold, each with the words that name it, the longest at each place."""
    at = 0
    while at < len(words):
        length = next(
            (n for n in range(min(LONGEST, len(words) - at), 0, -1) if named(words[at : at + n])), 1
        )
        name = named(words[at : at + length])
        if name in entries():
            yield words[at : at + length], entries()[name]
        at += length


def words_of(text: str) -> Phrase:
    """The words of a text in lower case, without marks."""
    return tuple(word for word in tokens(text) if word not in _MARKS)


def tokens(text: str) -> list[str]:
    """Text as lower-case words, numbers and marks, at most `LIMIT` characters of it."""
    plain = unicodedata.normalize("NFKC", text[:LIMIT]).casefold().replace("’", "'")
    return _TOKEN.findall(plain[:LIMIT])


def clauses(text: str) -> list[Phrase]:
    """The clauses of a text, each as its words; what stands between two marks is one."""
    words = tokens(text)
    ends = [-1, *(at for at, token in enumerate(words) if token in _MARKS), len(words)]
    return [tuple(words[a + 1 : b]) for a, b in pairwise(ends) if b > a + 1]
