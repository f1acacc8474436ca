"""Requirements of a brand and of a film's consistency, and how far a prompt meets them."""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.imaging.measure.colour import Array, from_hex, oklab
from engine.imaging.vocabulary.lexicon import phrases
from engine.recipes.storyboard.film import Film
from engine.recipes.storyboard.rules.shotwords import ShotWords
from engine.recipes.storyboard.rules.terms import Phrase, named, words_of

SAME_COLOUR = 0.1
"""Distance in OKLab up to which a colour's name stands for a brand's colour."""

_HEX = re.compile("#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}")
_KINDS = {
    "marker": "what stays the same from scene to scene",
    "use": "what the brand wants to be seen",
    "colour": "the brand's colours",
}


@dataclass(frozen=True, slots=True)
class BrandRequirements:
    """Requirements, and those that are met.

    Attributes:
        there: Every wish as kind (`marker`, `use`, `colour`) and text, with whether it is there.
        shown: What is to be avoided and is mentioned all the same.
        names_a_colour: Whether the prompt names any colour.
        words: All words of the wishes.
    """

    there: dict[tuple[str, str], bool]
    shown: tuple[str, ...]
    names_a_colour: bool
    words: frozenset[str]

    @property
    def fulfilled(self) -> float:
        """Share that is met, 0..1; 1 if there are no requirements."""
        return sum(self.there.values()) / len(self.there) if self.there else 1.0

    def gain(self, kind: str) -> float:
        """Possible gain from all missing ones of a kind; from obedience for `avoid`."""
        if kind == "avoid":
            return 100.0 * len(self.shown)
        lacking = sum(k == kind and not there for (k, _), there in self.there.items())
        return 100.0 * lacking / max(1, len(self.there))

    def advice(self) -> list[tuple[str, str]]:
        """For every kind of wish the sentence that asks for it."""
        return [
            ("marker", "Repeat word for word what stays the same from scene to scene."),
            ("use", "Show what the brand wants to be seen: use its elements."),
            ("colour", "Name the colours of the brand."),
            ("avoid", "Take out what the brand avoids."),
        ]

    def summary(self) -> str:
        """The findings in words."""
        if not self.there and not self.shown:
            return "nothing is asked, so nothing is missed"
        lacking = dict.fromkeys(kind for (kind, _), there in self.there.items() if not there)
        parts = [f"missing: {', '.join(_KINDS[kind] for kind in lacking)}"] if lacking else []
        if self.shown:
            parts.append(f"{len(self.shown)} of the things to avoid are mentioned")
        return "; ".join(parts) or "all that is asked is there"


def wishes(film: Film, reading: ShotWords) -> BrandRequirements:
    """Check a prompt against the requirements of a film's brand and consistency."""
    brand = film.brand
    there = {("marker", one): holds(reading, one) for one in film.consistency if words_of(one)}
    shown = {word for clause in reading.affirmed for word in clause}
    there |= {("use", one): shown.issuperset(words_of(one)) for one in brand.use}
    seen = colours_of(reading)
    there |= {("colour", one): _has_colour(seen, one) for one in brand.colours if is_colour(one)}
    words = frozenset(word for _, text in there for word in words_of(text))
    against = tuple(one for one in brand.avoid if holds(reading, one, denied=False))
    return BrandRequirements(there, against, bool(seen), words | frozenset(seen))


def holds(reading: ShotWords, phrase: str, *, denied: bool = True) -> bool:
    """Return True if the words of a phrase occur in a row in a text, with any marks between them.

    Args:
        reading: The text.
        phrase: What is looked for.
        denied: Whether it counts where it is denied, as in "without a hat".
    """
    wanted = words_of(phrase)
    if not wanted or not reading.words.issuperset(wanted):
        return False
    clauses = reading.clauses if denied else reading.affirmed
    words = [word for clause in clauses for word in clause]
    length = len(wanted)
    return any(tuple(words[at : at + length]) == wanted for at in range(len(words) - length + 1))


def colours_of(reading: ShotWords) -> dict[str, str]:
    """The colours that a text names: the word, or the hexadecimal notation, and its `#rrggbb`."""
    known = _colour_names()
    colours: dict[str, str] = {}
    for clause in reading.affirmed:
        for at, word in enumerate(clause):
            pair = clause[at : at + 2]
            # The golden hour is no gold, and the blue hour no blue.
            singles = ((word,),) if len(pair) < 2 or named(pair) is None else ()
            for phrase in (pair, *singles):
                if phrase in known:
                    colours[" ".join(phrase)] = known[phrase]
            if word.startswith("#"):
                colours[word] = word
    return colours


def is_colour(text: str) -> bool:
    """Return True if a text is `#rgb` or `#rrggbb`."""
    return _HEX.fullmatch(text) is not None


def colour_name(text: str) -> str:
    """The name of the vocabulary that is nearest to `#rrggbb`, by distance in OKLab."""
    known = _colour_names()
    gaps = _gaps(tuple(known.values()), text)
    return " ".join(list(known)[int(np.argmin(gaps))])


@cache
def _colour_names() -> dict[Phrase, str]:
    terms = [term for term in phrases().values() if term.family == "colour"]
    return {tuple(term.name.split("-")): term.value for term in terms}


def _has_colour(seen: dict[str, str], colour: str) -> bool:
    if not seen:
        return False
    return float(_gaps(tuple(seen.values()), colour).min()) <= SAME_COLOUR


def _gaps(values: tuple[str, ...], colour: str) -> Array:
    known = oklab(np.array([from_hex(value) for value in values]))
    target = oklab(np.array(from_hex(colour)))
    return np.asarray(np.sqrt(((known - target) ** 2).sum(axis=-1)))
