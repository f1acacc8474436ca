"""Fluency, flexibility and elaboration of one text, after Torrance (1966), each 0 to 100."""

import math
from collections import Counter
from itertools import combinations

from engine.recipes.visual_prompts.creativity.categories import CATEGORIES, categories_by_stem
from engine.recipes.visual_prompts.creativity.prose import Prose
from engine.text.words import content_stems

FLUENT = 45
"""Ideas of a fluent prompt: 63 of 100."""

DETAILED = 90
"""Distinct content words of a detailed prompt: 63 of 100."""


def fluency(prose: Prose) -> float:
    """Return the number of distinct image ideas, saturating: `100 (1 - exp(-ideas / 45))`."""
    return 100 * _saturated(len(prose.ideas), FLUENT)


def flexibility(prose: Prose) -> float:
    """Return the spread of the images over categories, and from sentence to sentence.

    Three fifths are the effective number of categories (exponential of Shannon's entropy) as a
    part of all categories; two fifths the mean distance (1 - cosine) of the sentences' profiles of
    categories.
    """
    known = categories_by_stem()
    counts = Counter(known[one] for one in prose.images)
    if not counts:
        return 0.0
    share = (_effective(counts) - 1) / (len(CATEGORIES) - 1)
    return 100 * (0.6 * share + 0.4 * _travel(prose))


def elaboration(prose: Prose) -> float:
    """Return the detail: distinct content words (three fifths) and qualified heads (two fifths)."""
    words = _saturated(len(set(prose.stems)), DETAILED)
    return 100 * (0.6 * words + 0.4 * _qualified(prose))


def _qualified(prose: Prose) -> float:
    """Return the modifiers per phrase, saturating at about two."""
    return _saturated(prose.modifiers / max(len(prose.phrases), 1), 1.0)


def _effective(counts: Counter[str]) -> float:
    total = counts.total()
    return math.exp(-sum(n / total * math.log(n / total) for n in counts.values()))


def _travel(prose: Prose) -> float:
    known = categories_by_stem()
    profiles = [
        Counter(known[one] for one in content_stems(sentence) if one in known)
        for sentence in prose.sentences
    ]
    distances = [1 - _cosine(one, other) for one, other in combinations(filter(None, profiles), 2)]
    return sum(distances) / len(distances) if distances else 0.0


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    product = sum(count * other[name] for name, count in one.items())
    lengths = sum(n * n for n in one.values()) * sum(n * n for n in other.values())
    return product / math.sqrt(lengths)


def _saturated(value: float, scale: float) -> float:
    return 1 - math.exp(-value / scale)
