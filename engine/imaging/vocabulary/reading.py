"""Reads a prompt: which subjects, colours, lights, moods and explicit corrections it names.

The notation of weights is the one of the Stable Diffusion front ends: `(word:1.3)` weighs 1.3,
`(word)` 1.1, and words such as `slightly` or `much` before a word scale it. Text is only ever
split into words and looked up; nothing in it is executed, formatted or used as a name of a file.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from engine.imaging.vocabulary.corrections import CORRECTIONS
from engine.imaging.vocabulary.lexicon import LONGEST, Term, lookup

LIMIT = 20_000
"""Characters of a prompt that are read; of a longer one the middle has no influence."""

_TAIL = 5_000
"""Characters at the end of a long prompt that are read, where a refiner writes its corrections."""

_TOKEN = re.compile(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b|[a-z0-9]+(?:['-][a-z0-9]+)*|[():,.;!?]")
_DEGREES = {
    "slightly": 0.5,
    "somewhat": 0.7,
    "subtly": 0.5,
    "very": 1.5,
    "deeply": 1.5,
    "strongly": 1.8,
    "much": 2.0,
    "far": 2.0,
    "extremely": 2.2,
}
_NEGATIONS = {"no", "without", "not", "never", "lacking", "minus"}
_STOPS = {".", ",", ";", "!", "?", "(", ")", ":"}


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that the prompt names.

    Attributes:
        family: Family of the vocabulary, or `colour`.
        name: Entry of the family, or the colour's name.
        weight: Emphasis, 1 where there is none.
        value: For a colour its `#rrggbb`.
        of: For a colour that stands before a subject, that subject.
    """

    family: str
    name: str
    weight: float = 1.0
    value: str = ""
    of: str = ""


@dataclass(slots=True)
class PromptReading:
    """What a prompt says, in the painter's vocabulary.

    Attributes:
        mentions: What is named, in the order of the text, each once with its greatest weight.
        removed: What the prompt or the negative prompt excludes.
        corrections: Explicit corrections (`darker`, `subject-left`...) and their strength, 0..4.
        more: Colours that a correction asks more of, `#rrggbb` and strength; less where negative.
    """

    mentions: list[Mention] = field(default_factory=list)
    removed: set[tuple[str, str]] = field(default_factory=set)
    corrections: dict[str, float] = field(default_factory=dict)
    more: dict[str, float] = field(default_factory=dict)

    def names(self, family: str) -> list[str]:
        """The entries of a family that are named and not excluded, in the order of the text."""
        return [one.name for one in self.of(family)]

    def of(self, family: str) -> list[Mention]:
        """The mentions of a family that are not excluded."""
        return [
            one
            for one in self.mentions
            if one.family == family and (family, one.name) not in self.removed
        ]

    def add(self, mention: Mention) -> None:
        """Takes a mention in; of two of one thing the heavier stays, in the first place."""
        for at, known in enumerate(self.mentions):
            if (known.family, known.name, known.of) == (mention.family, mention.name, mention.of):
                if mention.weight > known.weight:
                    self.mentions[at] = mention
                return
        self.mentions.append(mention)


def read(prompt: str, negative_prompt: str = "") -> PromptReading:
    """Reads a prompt and what is to be kept out of it; any text is accepted, also none."""
    reading = PromptReading()
    _scan(tokens(prompt), reading)
    excluded = PromptReading()
    _scan(tokens(negative_prompt), excluded)
    reading.removed |= {(one.family, one.name) for one in excluded.mentions}
    return reading


def tokens(text: str) -> list[str]:
    """Splits text into lower-case words, colours and marks, at most `LIMIT` characters of it."""
    if len(text) > LIMIT:
        text = f"{text[: LIMIT - _TAIL]} . {text[-_TAIL:]}"
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _TOKEN.findall(plain)


def _scan(words: list[str], reading: PromptReading) -> None:
    at, degree, negated = 0, 1.0, False
    weights = _weights(words)
    pending: Mention | None = None
    while at < len(words):
        word = words[at]
        if word in _STOPS:
            degree, negated, at = 1.0, negated and word in "(:", at + 1
            pending = None if word in ",.;!?" else pending
            continue
        if word in _DEGREES or word in _NEGATIONS:
            degree, negated, at = degree * _DEGREES.get(word, 1.0), word in _NEGATIONS, at + 1
            continue
        weight = weights[at] * degree
        length = _correction(words, at, weight, reading)
        if not length:
            length, mention = _mention(words, at, weight)
            if mention is not None:
                mention = _of_subject(mention, words, at, reading)
                pending = _take(mention, negated, pending, reading)
        elif length:
            pending = None
        at += max(1, length)
        degree = 1.0
    if pending is not None:
        reading.add(pending)


def _of_subject(mention: Mention, words: list[str], at: int, reading: PromptReading) -> Mention:
    """A colour that follows a subject, as in `walls of sage`, is that subject's."""
    if mention.family != "colour" or at < 2 or words[at - 1] != "of":
        return mention
    owner = lookup((words[at - 2],))
    if owner is None or owner.family != "subject" or not reading.mentions:
        return mention
    return Mention("colour", mention.name, mention.weight, mention.value, owner.name)


def _take(
    mention: Mention, negated: bool, pending: Mention | None, reading: PromptReading
) -> Mention:
    """Adds a mention; a colour before a subject becomes a colour of that subject."""
    if negated:
        reading.removed.add((mention.family, mention.name))
        return mention
    if mention.family == "subject" and pending is not None and _is_free(pending):
        reading.mentions.remove(pending)
        reading.add(Mention("colour", pending.name, pending.weight, pending.value, mention.name))
    reading.add(mention)
    return mention


def _is_free(mention: Mention) -> bool:
    return mention.family == "colour" and not mention.of


def _mention(words: list[str], at: int, weight: float) -> tuple[int, Mention | None]:
    """The longest thing named at a place: how many words it takes, and what it is."""
    if words[at].startswith("#"):
        return 1, Mention("colour", words[at], weight, words[at])
    for length in range(min(LONGEST, len(words) - at), 0, -1):
        term: Term | None = lookup(tuple(words[at : at + length]))
        if term is not None:
            return length, Mention(term.family, term.name, weight, term.value)
    return 1, None


def _correction(words: list[str], at: int, weight: float, reading: PromptReading) -> int:
    """Takes an explicit correction at a place; how many words it takes, 0 where there is none."""
    for phrase, (name, sign) in CORRECTIONS.items():
        if tuple(words[at : at + len(phrase)]) == phrase:
            value = reading.corrections.get(name, 0.0) + sign * weight
            reading.corrections[name] = max(-4.0, min(4.0, value))
            return len(phrase)
    if words[at] not in ("more", "less") or at + 1 >= len(words):
        return 0
    skip = 2 if words[at + 1] == "of" else 1
    if at + skip >= len(words):
        return 0
    length, mention = _mention(words, at + skip, weight)
    if mention is None or mention.family != "colour":
        return 0
    sign = 1 if words[at] == "more" else -1
    value = reading.more.get(mention.value, 0.0) + sign * weight
    reading.more[mention.value] = max(-4.0, min(4.0, value))
    return skip + length


def _weights(words: list[str]) -> list[float]:
    """The weight that parentheses give to every word, 0.1 to 4."""
    weights = [1.0] * len(words)
    opened: list[int] = []
    for at, word in enumerate(words):
        if word == "(":
            opened.append(at)
        elif word == ")" and opened:
            start = opened.pop()
            if len(opened) > 4:
                continue
            factor = _factor(words, at)
            for inside in range(start, at):
                weights[inside] = max(0.1, min(4.0, weights[inside] * factor))
    return weights


def _factor(words: list[str], closing: int) -> float:
    """The number before a closing parenthesis: `(word:1.3)` splits into `:`, `1`, `.`, `3`, `)`."""
    for length in (4, 2):
        tail = words[max(0, closing - length) : closing]
        if (
            len(tail) == length
            and tail[0] == ":"
            and all(t.isdigit() or t == "." for t in tail[1:])
        ):
            digits = "".join(tail[1:])
            return float(digits) if len(digits) <= 8 else 1.0
    return 1.1
