"""Reads how many of a thing a text names: `three boats`, `a pair of cats`, `a lone tree`."""

from engine.imaging.vocabulary.lexicon import LONGEST, lookup
from engine.imaging.vocabulary.reading import tokens

NUMBERS = {
    "one": 1, "single": 1, "lone": 1, "solitary": 1, "two": 2, "pair": 2, "couple": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
"""Words that name a number."""

REACH = 4
"""Words after a number in which the thing that it counts follows."""


def counts(text: str) -> dict[str, int]:
    """Return the number of each subject that has one, by its name in the vocabulary."""
    words = tokens(text)
    numbers: dict[str, int] = {}
    number, left, at = 0, 0, 0
    while at < len(words):
        if number_of(words[at]) is not None:
            number, left = number_of(words[at]) or 0, REACH
        length, name = _subject(words, at)
        if name and left > 0:
            numbers.setdefault(name, number)
        if name or words[at] in (",", ".", ";"):
            left = 0
        left -= 1
        at += max(1, length)
    return numbers


def number_of(word: str) -> int | None:
    """Return the number that a word names, 1 to 99; None if it names none."""
    if word.isascii() and word.isdigit() and len(word) <= 2 and int(word):
        return int(word)
    return NUMBERS.get(word)


def _subject(words: list[str], at: int) -> tuple[int, str]:
    for length in range(min(LONGEST, len(words) - at), 0, -1):
        term = lookup(tuple(words[at : at + length]))
        if term is not None:
            return length, term.name if term.family == "subject" else ""
    return 1, ""
