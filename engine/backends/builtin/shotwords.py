"""Reads a shot's prompt: which terms of the trade it holds, and whether they contradict each other.

Text is split into clauses and words, and words are looked up in `shots.toml`, the longest phrase
first. A term is there or it is not: saying it twice counts once. Nothing in the text is executed,
formatted or followed.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise
from typing import Any

LIMIT = 20_000
"""Characters of a text that are read, from its beginning."""

NUMBERED = ("lens", "aperture", "temperature")
"""Families that are numbers, or words that stand for a range of them."""

SPREAD = {"lens": 1.25, "aperture": 1.45, "temperature": 1.3}
"""The ratio from which on two numbers contradict each other: a quarter of the focal length, a
little over one stop, and what is plainly another white."""

_TOKEN = re.compile(
    r"#[0-9a-f]{6}\b|\bf/(?=\d)|\d{1,2},\d{3}\b|\d+(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*|[.,;:!?()\n]"
)
_MARKS = frozenset(".,;:!?()\n")
_NEGATIONS = frozenset(("no", "without", "not", "never", "avoid", "avoiding", "lacking"))
_LIT = frozenset(
    ("light", "lights", "lighting", "lit", "key", "rim", "fill", "sun", "sunlight", "daylight",
     "lamp", "lamps", "softbox", "moonlight", "candlelight", "neon", "tungsten", "practicals")
)  # fmt: skip
_UNITS = {"k": "temperature", "kelvin": "temperature", "mm": "lens"}
_LONGEST = 6

Phrase = tuple[str, ...]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Entry:
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


@dataclass(slots=True)
class ShotWords:
    """What a text says in the words of the trade.

    Attributes:
        found: For each family the entries that are named, in the order of the text.
        numbers: For `lens`, `aperture` and, a light each, `temperature:ROLE`: the ranges given.
        roles: For each light (`key`, `rim`...) the directions and qualities said of it.
        exact: The numbered families for which a number is given, not only a word.
        words: Every word, once.
        clauses: The words of every clause.
        affirmed: The same, each only as far as nothing is denied in it.
        noise: Empty praise that was found.
        steering: Attempts to tell the reader what to think.
        repeats: How many runs of three words were said before.
    """

    found: dict[str, list[str]] = field(default_factory=dict)
    numbers: dict[str, list[Span]] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    exact: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    clauses: list[Phrase] = field(default_factory=list)
    affirmed: list[Phrase] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    steering: list[str] = field(default_factory=list)
    repeats: int = 0

    def has(self, family: str) -> bool:
        """Whether anything of a family is named."""
        return bool(self.found.get(family))


@cache
def table() -> dict[str, Any]:
    """The vocabulary as it is written, `shots.toml` parsed."""
    text = files("engine.backends.builtin").joinpath("shots.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def entries() -> dict[str, Entry]:
    """Every entry by its full name."""
    known: dict[str, Entry] = {}
    for family, rows in table().items():
        if family in ("family", "noise"):
            continue
        for name, row in rows.items():
            known[f"{family}.{name}"] = Entry(
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
    for kind in ("praise", "steering", "neutral"):
        for spelling in table()["noise"][kind]:
            known.setdefault(words_of(spelling), f"noise.{kind}")
    return known


def words_of(text: str) -> Phrase:
    """The words of a text in lower case, without marks."""
    return tuple(word for word in _tokens(text) if word not in _MARKS)


def read_shot(*texts: str) -> ShotWords:
    """Reads texts, one after the other, as one; any text is accepted, also none."""
    reading = ShotWords()
    for text in texts:
        before = False
        for clause in _clauses(_tokens(text)):
            lit = not _LIT.isdisjoint(clause)
            _scan(clause, lit or before, reading)
            before = lit
    counted = Counter(
        run
        for clause in reading.clauses
        for run in zip(clause, clause[1:], clause[2:], strict=False)
    )
    reading.repeats = sum(count - 1 for count in counted.values())
    return reading


def contradictions(reading: ShotWords) -> list[str]:
    """The families in which a text says two things that cannot both be, each once."""
    out: dict[str, None] = {}
    for one, other in combinations(_named(reading), 2):
        if _opposed(one, other):
            out[one.family] = None
            out[other.family] = None
    for name, spans in reading.numbers.items():
        family = name.partition(":")[0]
        if max(low for low, _ in spans) > SPREAD[family] * min(high for _, high in spans):
            out[family] = None
    for said in reading.roles.values():
        for one, other in combinations([entries()[name] for name in dict.fromkeys(said)], 2):
            if other.full_name in one.against or one.full_name in other.against:
                out[one.family] = None
    return list(out)


def _named(reading: ShotWords) -> list[Entry]:
    """The entries that are said of the whole shot, not of one of its lights."""
    return [
        entries()[f"{family}.{name}"]
        for family, names in reading.found.items()
        for name in names
        if f"{family}.{name}" in entries() and not entries()[f"{family}.{name}"].lit
    ]


def _opposed(one: Entry, other: Entry) -> bool:
    if other.full_name in one.against or one.full_name in other.against:
        return True
    if one.family != other.family or one.rank is None or other.rank is None:
        return False
    reach: float = table()["family"][one.family]["reach"]
    return abs(one.rank - other.rank) > reach


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text[:LIMIT]).casefold().replace("’", "'")
    return _TOKEN.findall(plain[:LIMIT])


def _clauses(tokens: list[str]) -> list[Phrase]:
    ends = [-1, *(at for at, token in enumerate(tokens) if token in _MARKS), len(tokens)]
    return [tuple(tokens[a + 1 : b]) for a, b in pairwise(ends) if b > a + 1]


def _scan(clause: Phrase, lit: bool, reading: ShotWords) -> None:
    reading.clauses.append(clause)
    reading.words.update(clause)
    denied = (at for at, word in enumerate(clause) if word in _NEGATIONS)
    clause = clause[: next(denied, len(clause))]
    reading.affirmed.append(clause)
    at = 0
    while at < len(clause):
        length = _number(clause, at, reading) or _term(clause, at, lit, reading)
        at += max(1, length)


def _term(clause: Phrase, at: int, lit: bool, reading: ShotWords) -> int:
    """Takes the longest term at a place; how many words it takes, 0 where there is none."""
    for length in range(min(_LONGEST, len(clause) - at), 0, -1):
        name = _phrases().get(clause[at : at + length]) or _singular(clause[at : at + length])
        if name == "noise.praise":
            reading.noise.append(" ".join(clause[at : at + length]))
        elif name == "noise.steering":
            reading.steering.append(" ".join(clause[at : at + length]))
        elif name is None or (name in entries() and entries()[name].lit and not lit):
            continue
        elif name in entries():
            _take(entries()[name], reading)
        return length
    return 0


def _singular(phrase: Phrase) -> str | None:
    last = phrase[-1]
    if len(last) < 4 or not last.endswith("s"):
        return None
    return _phrases().get((*phrase[:-1], last[:-1]))


def _take(entry: Entry, reading: ShotWords) -> None:
    names = reading.found.setdefault(entry.family, [])
    if entry.family == "role":
        # Once more the same light: what follows is said of it, so it goes to the end.
        names[:] = [name for name in names if name != entry.name]
    if entry.name not in names:
        names.append(entry.name)
    if entry.family in ("direction", "quality"):
        reading.roles.setdefault(_role(reading), []).append(entry.full_name)
    if entry.range is not None:
        reading.numbers.setdefault(entry.family, []).append(entry.range)
    if entry.means:
        _take(entries()[entry.means], reading)


def _role(reading: ShotWords) -> str:
    return (reading.found.get("role") or ["key"])[-1]


def _number(clause: Phrase, at: int, reading: ShotWords) -> int:
    """Takes a focal length, an aperture or a temperature; how many words it takes."""
    if _is_stop(clause[at : at + 2]):
        return _noted("aperture", "aperture", _value(clause[at + 1]), None, reading) and 2
    if not clause[at][0].isdigit():
        return 0
    follows = clause[at + 1 : at + 4]
    if follows[:1] and follows[0] in _UNITS:
        if follows[0] == "mm" and follows[1:2] and follows[1] in ("film", "negative", "stock"):
            return 0
        family = _UNITS[follows[0]]
        key = f"temperature:{_role(reading)}" if family == "temperature" else family
        return _noted(family, key, _value(clause[at]), None, reading) and 2
    if follows[1:2] == ("mm",) and follows[0][0].isdigit():
        return _noted("lens", "lens", _value(clause[at]), _value(follows[0]), reading) and 3
    return 0


def _is_stop(pair: Phrase) -> bool:
    """Whether two words are an aperture: `f/2` or `f2.8`, but not `F1`."""
    if len(pair) < 2 or not pair[1][0].isdigit():
        return False
    return pair[0] == "f/" or (pair[0] == "f" and "." in pair[1])


_SANE = {"lens": (4, 1600), "aperture": (0.7, 64), "temperature": (1500, 20_000)}


def _noted(family: str, key: str, low: float, high: float | None, reading: ShotWords) -> int:
    """Takes a number down where it is one that such a thing can have; 1 if so, otherwise 0."""
    high = low if high is None else high
    least, most = _SANE[family]
    if not least <= low <= high <= most:
        return 0
    reading.exact.add(family)
    names = reading.found.setdefault(family, [])
    if "number" not in names:
        names.append("number")
    reading.numbers.setdefault(key, []).append((low, high))
    return 1


def _value(digits: str) -> float:
    # Digits that nobody reads as a number, such as ten thousand nines, are no number here either.
    return float(digits.replace(",", "")) if len(digits) <= 8 and digits[0] != "#" else 0.0
