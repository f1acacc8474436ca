"""Find contradictions about camera or light in a shot's prompt."""

from itertools import combinations

from engine.recipes.storyboard.rules.shotwords import ShotWords
from engine.recipes.storyboard.rules.terms import VocabularyTerm, entries, table

SPREAD = {"lens": 1.25, "aperture": 1.45, "temperature": 1.3}
"""The ratio from which on two numbers contradict each other: a quarter of the focal length, a
little over one stop, and what is plainly another white."""


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
    for words in reading.lights.values():
        for one, other in combinations([entries()[name] for name in dict.fromkeys(words)], 2):
            if other.full_name in one.against or one.full_name in other.against:
                out[one.family] = None
    return list(out)


def _named(reading: ShotWords) -> list[VocabularyTerm]:
    """The entries that are said of the whole shot, not of one of its lights."""
    return [
        entries()[f"{family}.{name}"]
        for family, names in reading.found.items()
        for name in names
        if f"{family}.{name}" in entries() and not entries()[f"{family}.{name}"].lit
    ]


def _opposed(one: VocabularyTerm, other: VocabularyTerm) -> bool:
    if other.full_name in one.against or one.full_name in other.against:
        return True
    if one.family != other.family or one.rank is None or other.rank is None:
        return False
    reach: float = table()["family"][one.family]["reach"]
    return abs(one.rank - other.rank) > reach
