"""Words of a prompt as a description of a sound."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from engine.audio.synthesis import vocabulary
from engine.audio.synthesis.vocabulary import Phrase
from engine.text.terminal import quoted

ValueT = TypeVar("ValueT")

MAX_WORDS = 200
"""Words of a prompt that are looked at."""

MAX_SOURCES = 3
"""Sounds that are mixed at most."""

_LONGEST = 3
_INDOORS = ("marble", "wood", "concrete", "metal")
_BEATS = re.compile(r"(\d{2,3})\s*(?:bpm|steps (?:a|per) minute|steps/min)")
_TIMES = re.compile(r"\b(\d{1,2})\s+(?=[a-z]+s\b)(?!seconds?\b|minutes?\b|s\b|steps (?:a|per))")
_NEGATED = re.compile(r"\b(?:no|without|not)\s+(?:any\s+)?([\w'-]+)")


@dataclass(frozen=True, slots=True)
class Description:
    """Sound that a prompt asks for: its sources, their manner and their place.

    Attributes:
        sources: Models that are mixed, the main one first.
        surface: What is walked on.
        wet: Water on it, 0 (dry) to 1.
        shoe: What is worn; empty for a shoe of no kind.
        material: Material of what is struck; empty if it is not known.
        manner: Variants of the models, for example `slam` of a door.
        pace: Steps a minute.
        count: Number of events; None for as many as fit.
        weight: Weight of a walker, 0 to 1.
        size: Size of what sounds, 0 to 1.
        intensity: 0 (faint) to 1 (violent).
        distance: 0 (near) to 1 (far).
        room: Name of a room.
        motion: `still`, `approaching`, `leaving` or `passing`.
        notes: Differences from the prompt, one sentence each.
    """

    sources: tuple[str, ...] = ("impact",)
    surface: str = "concrete"
    wet: float = 0.0
    shoe: str = ""
    material: str = ""
    manner: frozenset[str] = frozenset()
    pace: float = vocabulary.WALK
    count: int | None = None
    weight: float = 0.5
    size: float = 0.5
    intensity: float = 0.5
    distance: float = 0.0
    room: str = "outdoors"
    motion: str = "still"
    notes: tuple[str, ...] = ()


def describe(prompt: str, negative_prompt: str = "") -> Description:
    """Return the description of a prompt.

    Words that are not known change nothing; a prompt without a known sound is an impact, and a
    note says so.

    Args:
        prompt: Words for the sound.
        negative_prompt: Words for sounds that are left out.
    """
    lower = prompt.lower()
    without = " ".join([negative_prompt, *_NEGATED.findall(lower)])
    text = vocabulary.phrase_of(_NEGATED.sub(" ", lower))[:MAX_WORDS]
    sources = _sources(text, _values(vocabulary.phrase_of(without), vocabulary.SOURCES))
    surface = _value(text, vocabulary.SURFACES, "")
    is_dry = "echo" in without.lower() or "reverb" in without.lower()
    return Description(
        sources=sources[:MAX_SOURCES] or ("impact",),
        surface=surface or "concrete",
        wet=_value(text, vocabulary.WETNESS, 0.0),
        shoe=_value(text, vocabulary.SHOES, ""),
        material=_value(text, vocabulary.MATERIALS, ""),
        manner=_manner(text, sources),
        pace=_pace(lower, text),
        count=_count(lower, text),
        weight=_value(text, vocabulary.WEIGHTS, 0.5),
        size=_value(text, vocabulary.SIZES, 0.5),
        intensity=_value(text, vocabulary.INTENSITIES, 0.5),
        distance=_value(text, vocabulary.DISTANCES, 0.0),
        room="outdoors" if is_dry else _room(text, sources, surface),
        motion=_value(text, vocabulary.MOTIONS, "still"),
        notes=tuple(_notes(prompt, text, sources, surface)),
    )


def _matches(text: Phrase, table: Mapping[Phrase, ValueT]) -> Iterator[tuple[Phrase, ValueT]]:
    """Return the phrases of a text that a table has, the longest at each place, in order."""
    at = 0
    while at < len(text):
        for length in range(_LONGEST, 0, -1):
            phrase = text[at : at + length]
            if len(phrase) == length and phrase in table:
                yield phrase, table[phrase]
                at += length - 1
                break
        at += 1


def _values(text: Phrase, table: Mapping[Phrase, ValueT]) -> list[ValueT]:
    return [value for _, value in _matches(text, table)]


def _value(text: Phrase, table: Mapping[Phrase, ValueT], default: ValueT) -> ValueT:
    """Return the value of the longest phrase of a text that a table has, the first among equals."""
    matches = list(_matches(text, table))
    return max(matches, key=lambda match: len(match[0]))[1] if matches else default


def _sources(text: Phrase, unwanted: list[str]) -> tuple[str, ...]:
    """Return the models of a text, those of clear words first.

    Shoes on a ground walk. What is walked on or heard under steps is no sound of its own. Without a
    clear word, what is done counts before the thing that does it; a blow on water is a splash.
    """
    grades: dict[str, list[str]] = {"clear": [], "weak": [], "thing": []}
    for phrase, name in _matches(text, vocabulary.SOURCES):
        grades[_grade(phrase)].append(name)
    clear, weak = grades["clear"], grades["weak"] or grades["thing"]
    if weak[:1] == ["impact"] and _has_pool(text):
        weak = ["water"]
    grounded = not clear or _value(text, vocabulary.SURFACES, "")
    if grounded and _value(text, vocabulary.SHOES, ""):
        clear.insert(0, "footsteps")
    names = [name for name in dict.fromkeys(clear or weak[:1]) if name not in unwanted]
    if "footsteps" in names:
        names = ["footsteps", *(name for name in names if name in {"rain", "wind", "thunder"})]
    return tuple(names)


def _grade(phrase: Phrase) -> str:
    if phrase in vocabulary.THINGS:
        return "thing"
    return "weak" if phrase in vocabulary.WEAK else "clear"


def _has_pool(text: Phrase) -> bool:
    return any(phrase in vocabulary.POOLS for phrase, _ in _matches(text, vocabulary.SOURCES))


def _manner(text: Phrase, sources: tuple[str, ...]) -> frozenset[str]:
    """Return the variants of the models; a blow on water is a splash, not a drop."""
    manner = set(_values(text, vocabulary.MANNERS))
    done = [
        name
        for phrase, name in _matches(text, vocabulary.SOURCES)
        if phrase in vocabulary.WEAK and name != "water"
    ]
    is_blow = done[:1] == ["impact"] and _has_pool(text)
    if sources[:1] == ("water",) and is_blow and "waves" not in manner:
        manner = (manner - {"drip"}) | {"splash"}
    return frozenset(manner)


def _notes(prompt: str, text: Phrase, sources: tuple[str, ...], surface: str) -> Iterator[str]:
    """Return what differs from the prompt, one sentence each."""
    if not sources:
        yield (
            f"The embedded synthesiser has no model for {quoted(prompt)}; it generates an impact. "
            f"It knows {', '.join(sorted(set(vocabulary.SOURCES.values())))}."
        )
    if len(sources) > MAX_SOURCES:
        left_out = ", ".join(sources[MAX_SOURCES:])
        yield f"It mixes at most {MAX_SOURCES} sounds, so these are left out: {left_out}."
    if "footsteps" not in sources:
        return
    if not surface:
        yield "The prompt names no ground that it knows, so the steps are on concrete."
    for phrase, nearest in _matches(text, vocabulary.SUBSTITUTES):
        if surface == nearest:
            name = vocabulary.SPELLINGS[phrase]
            yield f"It has no model of {name}; the steps are on {nearest}, which is the nearest."


def _pace(lower: str, text: Phrase) -> float:
    """Return steps a minute, 40 to 240."""
    if beats := _BEATS.search(lower):
        return min(240.0, max(40.0, float(beats[1])))
    return _value(text, vocabulary.PACES, vocabulary.WALK)


def _count(lower: str, text: Phrase) -> int | None:
    if number := _TIMES.search(lower):
        return max(1, int(number[1]))
    count = _value(text, vocabulary.COUNTS, 0.0)
    return int(count) or None


def _room(text: Phrase, sources: tuple[str, ...], surface: str) -> str:
    """Return the room that words ask for, or the one that such a sound is usually in."""
    if named := _value(text, vocabulary.ROOMS, ""):
        return named
    if "footsteps" in sources:
        is_open = _values(text, vocabulary.OUTDOORS) or len(sources) > 1  # the others are weather
        return "room" if surface in _INDOORS and not is_open else "outdoors"
    return "room" if sources[:1] == ("door",) else "outdoors"
