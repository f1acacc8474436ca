"""Coherence: the form of prose, and sentences that take up what was there before.

`form` is a gate: 1 for ordinary prose, near 0 for a list of keywords, shuffled words or one
sentence over and over. `coherence` is form times cohesion (Halliday and Hasan 1976): the share of
sentences that repeat a content word, refer back (`it`, `their`, `the same`), or join on (`while`,
`beyond`, `then`).
"""

import re
from itertools import pairwise

from engine.recipes.visual_prompts.creativity.prose import Prose
from engine.text.words import (
    CONJUNCTIONS,
    DETERMINERS,
    FUNCTION_WORDS,
    PREPOSITIONS,
    content_stems,
    words,
)

_REFERENCES = frozenset({"it", "its", "they", "their", "them", "he", "his", "she", "her", "this"})
_JOINS = CONJUNCTIONS | PREPOSITIONS | {"then", "here", "there", "these", "that", "those"}
_CLOSED = PREPOSITIONS | CONJUNCTIONS
_LOOSE = frozenset({"that", "this", "these", "those", "all", "any", "some", "both", "no", "her"})
_PARTICLES = frozenset(
    {
        "in",
        "on",
        "off",
        "over",
        "under",
        "through",
        "along",
        "around",
        "past",
        "across",
        "by",
        "near",
        "inside",
        "outside",
        "after",
        "before",
        "below",
        "above",
        "behind",
        "between",
        "beyond",
        "within",
        "as",
        "like",
        "so",
    }
)


_CAPITAL = re.compile(r"(?<=[a-z,] )(?:A|An|The|Of|In|On|At|And|With|His|Her|Its|Each|It|He)\b")
"""Capitals where no sentence begins."""


def form(prose: Prose) -> float:
    """Return the degree to which a text has the form of prose, 0 to 1."""
    if not prose.stems:
        return 0.0
    return _grammar(prose) * _order(prose) * _variety(prose) * _length(prose)


def coherence(prose: Prose) -> float:
    """Return form times cohesion, 0 to 100."""
    return 100 * form(prose) * (0.4 + 0.6 * _cohesion(prose))


def _grammar(prose: Prose) -> float:
    """Return 0 for words without function words, 1 for the share of ordinary prose."""
    share = sum(word in FUNCTION_WORDS for word in prose.words) / len(prose.words)
    longest = max(len(words(one)) for one in prose.sentences)
    return _ramp(share, 0.12, 0.27) * (1 - 0.7 * _ramp(longest, 70, 130))


def _order(prose: Prose) -> float:
    """Return 1 unless function words stand where no phrase can follow, as in shuffled words."""
    faults = sum(_faults(words(sentence)) for sentence in prose.sentences)
    faults += sum(len(_CAPITAL.findall(sentence)) for sentence in prose.sentences)
    openers = sum(word in DETERMINERS or word in PREPOSITIONS for word in prose.words)
    return 1 - _ramp(faults / max(openers, 4), 0.04, 0.22)


def _faults(sentence: list[str]) -> int:
    inner = sum(_is_fault(one, other) for one, other in pairwise(sentence))
    return inner + (bool(sentence) and sentence[-1] in (DETERMINERS - _LOOSE) | {"of", "and"})


def _is_fault(one: str, other: str) -> bool:
    if one in DETERMINERS - _LOOSE:
        return other in _CLOSED or other in DETERMINERS - {"other", "such", "another"}
    if one in PREPOSITIONS - _PARTICLES:
        return other in PREPOSITIONS - _PARTICLES or other in CONJUNCTIONS
    return one in {"and", "or", "but"} and other in {"and", "or", "but", "of"}


def _variety(prose: Prose) -> float:
    """Return a low number if content words or whole sentences stand again and again."""
    expected = len(prose.stems) ** 0.9  # Heaps's law with a low exponent: prose repeats itself
    distinct = len({tuple(content_stems(one)) for one in prose.sentences})
    fresh = len(set(prose.stems)) / expected
    return _ramp(fresh, 0.3, 0.8) * (distinct / len(prose.sentences))


def _length(prose: Prose) -> float:
    return _ramp(len(prose.words), 0, 40)


def _cohesion(prose: Prose) -> float:
    """Return the share of sentences, after the first, that tie to the text before them."""
    if len(prose.sentences) < 2:
        return 0.5
    before: set[str] = set(content_stems(prose.sentences[0]))
    ties = 0.0
    for sentence in prose.sentences[1:]:
        stems, own = set(content_stems(sentence)), words(sentence)
        ties += 1 - (1 - 0.55 * bool(stems & before)) * (1 - 0.45 * _refers(own)) * (
            1 - 0.3 * (own[0] in _JOINS)
        )
        before |= stems
    return ties / (len(prose.sentences) - 1)


def _refers(sentence: list[str]) -> bool:
    return any(word in _REFERENCES for word in sentence[:6])


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
