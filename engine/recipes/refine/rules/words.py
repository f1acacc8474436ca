"""Changes of a prompt that follow from a critique in words, or from nothing but the brief."""

import re
from collections.abc import Iterable, Iterator

from engine.imaging.vocabulary.corrections import CORRECTIONS
from engine.imaging.vocabulary.reading import PromptReading, tokens

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "brighter": ("too dark", "underexposed", "murky", "too dim"),
    "darker": ("too bright", "too light", "overexposed", "glaring"),
    "higher contrast": ("flat", "washed out", "low contrast", "hazy"),
    "lower contrast": ("too harsh", "harsh", "too much contrast"),
    "more saturated": ("dull", "colourless", "colorless", "lifeless", "too grey", "too pale"),
    "less saturated": ("garish", "gaudy", "oversaturated", "too colourful", "too saturated"),
    "warmer": ("too cold", "too cool", "too blue"),
    "cooler": ("too warm", "too orange", "too yellow"),
    "sharper": ("blurry", "blurred", "out of focus", "too soft", "unsharp"),
    "softer": ("too sharp", "too hard", "too crisp"),
    "subject larger": ("too small", "too far away", "too distant", "tiny"),
    "subject smaller": ("too large", "too big", "too close", "cut off", "cropped"),
    "subject further right": ("too far left", "too far to the left"),
    "subject further left": ("too far right", "too far to the right"),
    "more balanced": ("unbalanced", "off balance", "lopsided"),
    "more detail": ("lacks detail", "too little detail", "too simple", "too empty", "too plain"),
    "simpler": ("too busy", "cluttered", "crowded", "too much detail"),
}
"""Each correction with the words of a critique that ask for it."""

OPEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("subject larger", ("wide", "minimal")),
    ("higher contrast", ("calm", "dreamy", "muted", "fog", "overcast")),
    ("more detail", ("minimal", "calm", "dreamy", "abstract")),
    ("more saturated", ("muted", "melancholic", "ink", "fog", "overcast")),
    ("sharper", ("dreamy", "fog", "watercolour")),
    ("warmer", ("cold", "night", "moonlight", "aurora")),
    ("more balanced", ("thirds", "left", "right")),
)
"""Changes of composition and light to try if nothing is known to be wrong, in order, each with
the words of a brief that it would contradict."""

_MARKS = re.compile(r"[.,;:!?()\n]|\b(?:but|while|although)\b")
_NEGATIONS = {"not", "never", "no", "isn't", "without", "nothing"}
_FILLERS = {"and", "also", "the", "a", "an", "any", "its", "some"}
_MOST_WORDS = 5


def name_of(correction: str) -> tuple[str, float]:
    """Return name and sign of a correction, of its words."""
    return CORRECTIONS[tuple(correction.split())]


def complaints(critique: str) -> Iterator[str]:
    """Yield the corrections that a critique asks for, each once."""
    clauses = list(_clauses(critique))
    for correction, ways in COMPLAINTS.items():
        if any(_says(clause, way.split()) for clause in clauses for way in ways):
            yield correction


def lacking(critique: str, brief: str) -> Iterator[str]:
    """Yield what a critique says is not in the image, as phrases.

    Args:
        critique: What is in the image, or wrong with it.
        brief: What was asked for; `no boat` counts only of what it names.
    """
    asked = set(tokens(brief))
    for clause in _clauses(critique):
        phrase = _phrase(_lack(clause, asked))
        if phrase:
            yield phrase


def open_changes(brief: PromptReading) -> Iterator[str]:
    """Yield the changes that a brief leaves open, the first to try first."""
    named = {mention.name for mention in brief.mentions}
    for correction, against in OPEN:
        if name_of(correction)[0] not in brief.corrections and not named.intersection(against):
            yield correction


def each_once(phrases: Iterable[str]) -> list[str]:
    """Return phrases in their order, none twice, whatever the case of its letters."""
    return list({phrase.casefold(): phrase for phrase in reversed([*phrases])}.values())[::-1]


def _clauses(text: str) -> Iterator[list[str]]:
    for clause in _MARKS.split(text.casefold()):
        if words := tokens(clause):
            yield words


def _says(clause: list[str], way: list[str]) -> bool:
    """Return True if a clause has the words, and does not deny them."""
    for at in range(len(clause) - len(way) + 1):
        if clause[at : at + len(way)] == way:
            return not _NEGATIONS.intersection(clause[max(0, at - 2) : at])
    return False


def _lack(clause: list[str], asked: set[str]) -> list[str]:
    """Return the words of a clause that name what is not there; none if it names nothing."""
    if clause[-1] in {"missing", "lacking"} and len(clause) > 1:
        return [word for word in clause[:-1] if word not in {"is", "are", "was", "were"}]
    for at, word in enumerate(clause):
        if word in {"missing", "lacks", "lacking"}:
            return clause[at + 1 :]
        if word == "no" and (rest := clause[at + 1 :]) and asked.issuperset(rest):
            return rest
    return []


def _phrase(words: list[str]) -> str:
    """Return words as a phrase without an article; empty if they are too many for a thing."""
    while words and words[0] in _FILLERS:
        words = words[1:]
    is_detail = words in (["detail"], ["details"], ["contrast"], ["colour"], ["color"])
    return "" if is_detail or len(words) > _MOST_WORDS else " ".join(words)
