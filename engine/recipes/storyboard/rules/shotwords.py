"""Reads a shot's prompt: which terms of the trade it holds, and of which of its lights they speak.

Text is split into clauses and words, and words are looked up in `shots.toml`, the longest phrase
first. A term is there or it is not: saying it twice counts once. Nothing in the text is executed,
formatted or followed.
"""

from collections import Counter
from dataclasses import dataclass, field

from engine.recipes.storyboard.rules.terms import (
    LONGEST,
    Phrase,
    Span,
    VocabularyTerm,
    clauses,
    entries,
    named,
    terms_in,
)

_NEGATIONS = frozenset(("no", "without", "not", "never", "avoid", "avoiding", "lacking"))
_CONNECTIVES = frozenset(("and", "with", "plus", "while", "against"))
_LIT = frozenset(
    ("light", "lights", "lighting", "lit", "key", "rim", "fill", "sun", "sunlight", "daylight",
     "lamp", "lamps", "softbox", "moonlight", "candlelight", "neon", "tungsten", "practicals",
     "shadow", "shadows", "glow", "backlit", "candlelit", "moonlit")
)  # fmt: skip
_UNITS = {"k": "temperature", "kelvin": "temperature", "mm": "lens"}
_SANE = {"lens": (4, 1600), "aperture": (0.7, 64), "temperature": (1500, 20_000)}


@dataclass(slots=True)
class ShotWords:
    """Terms of the trade in a text.

    Attributes:
        found: For each family the entries that are named, in the order of the text.
        numbers: For `lens`, `aperture` and, a light each, `temperature:LIGHT`: the ranges given.
        lights: For each light (`key`, `rim`...) the directions and qualities said of it.
        light: The light that is spoken of at the place that was reached.
        key_source: The first light source that was named; it is the key.
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
    lights: dict[str, list[str]] = field(default_factory=dict)
    light: str = "key"
    key_source: str = ""
    exact: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    clauses: list[Phrase] = field(default_factory=list)
    affirmed: list[Phrase] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    steering: list[str] = field(default_factory=list)
    repeats: int = 0

    def has(self, family: str) -> bool:
        """Return True if any term of a family occurs."""
        return bool(self.found.get(family))


def read_shot(*texts: str) -> ShotWords:
    """Read texts in order as one; any text is accepted, even an empty one."""
    reading = ShotWords()
    for text in texts:
        reading.light, before = "key", False
        for clause in clauses(text):
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


def _scan(clause: Phrase, lit: bool, reading: ShotWords) -> None:
    reading.clauses.append(clause)
    reading.words.update(clause)
    denied = (at for at, word in enumerate(clause) if word in _NEGATIONS)
    clause = clause[: next(denied, len(clause))]
    reading.affirmed.append(clause)
    at = 0
    while at < len(clause):
        if at == 0 or clause[at] in _CONNECTIVES:
            reading.light = _light(_until_connective(clause[at:]), reading)
        length = _number(clause, at, reading) or _term(clause, at, lit, reading)
        at += max(1, length)


def _until_connective(words: Phrase) -> Phrase:
    ends = (at for at, word in enumerate(words) if at and word in _CONNECTIVES)
    return words[: next(ends, len(words))]


def _light(words: Phrase, reading: ShotWords) -> str:
    """The light of which a part of a clause speaks.

    It is the one that is named (key, fill, rim). The first source in a text is the key; another
    one, as in "daylight with tungsten practicals", is a light of its own for as long as it is
    spoken of. Where nothing is named it is the last one that was.
    """
    spoken = reading.light.partition(" ")[0]
    last = "key" if spoken == "source" else spoken
    light_terms = [term for _, term in terms_in(words)]
    roles = [one.name for one in light_terms if one.family == "role"]
    sources = [one.name for one in light_terms if one.family == "source"]
    if sources and not reading.key_source and not reading.found.get("role"):
        reading.key_source = sources[0]
    if roles:
        return roles[0]
    if sources and sources[0] != reading.key_source:
        return f"source {sources[0]}"
    return "key" if sources else last


def _term(clause: Phrase, at: int, lit: bool, reading: ShotWords) -> int:
    """Consume the longest term at a place; return its number of words, 0 if there is none."""
    for length in range(min(LONGEST, len(clause) - at), 0, -1):
        name = named(clause[at : at + length])
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


def _take(entry: VocabularyTerm, reading: ShotWords) -> None:
    names = reading.found.setdefault(entry.family, [])
    if entry.name not in names:
        names.append(entry.name)
    if entry.family in ("direction", "quality"):
        reading.lights.setdefault(reading.light, []).append(entry.full_name)
    if entry.range is not None:
        reading.numbers.setdefault(entry.family, []).append(entry.range)
    if entry.means:
        _take(entries()[entry.means], reading)


def _number(clause: Phrase, at: int, reading: ShotWords) -> int:
    """Consume a focal length, an aperture or a temperature; return its number of words."""
    if _is_stop(clause[at : at + 2]):
        return _noted("aperture", "aperture", _value(clause[at + 1]), None, reading) and 2
    if not clause[at][0].isdigit():
        return 0
    follows = clause[at + 1 : at + 4]
    if follows[:1] and follows[0] in _UNITS:
        if follows[0] == "mm" and follows[1:2] and follows[1] in ("film", "negative", "stock"):
            return 0
        family = _UNITS[follows[0]]
        key = f"temperature:{reading.light}" if family == "temperature" else family
        return _noted(family, key, _value(clause[at]), None, reading) and 2
    if follows[1:2] == ("mm",) and follows[0][0].isdigit():
        return _noted("lens", "lens", _value(clause[at]), _value(follows[0]), reading) and 3
    return 0


def _is_stop(pair: Phrase) -> bool:
    """Return True if two words are an aperture: `f/2` or `f2.8`, but not `F1`."""
    if len(pair) < 2 or not pair[1][0].isdigit():
        return False
    return pair[0] == "f/" or (pair[0] == "f" and "." in pair[1])


def _noted(family: str, key: str, low: float, high: float | None, reading: ShotWords) -> int:
    """Record a number if it is plausible for such a thing; return 1 if so, otherwise 0."""
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
