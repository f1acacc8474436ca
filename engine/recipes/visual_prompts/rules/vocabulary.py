"""The vocabulary of `words.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Phrases = tuple[str, ...]
Kind = Literal["person", "beast", "craft"]

KINDS: tuple[Kind, ...] = ("person", "beast", "craft")
"""Kinds of subjects, by what they can do in a picture."""

THINGS = ("ground", "tall", "loose", "one")
"""Kinds of things, likewise."""


@dataclass(frozen=True, slots=True)
class World:
    """A world of scenes; the attributes are the keys of `words.toml`.

    Attributes:
        name: Its name.
        near: True for a world of the music's own.
        valence: Valence, -1 to 1.
        arousal: Arousal, -1 to 1.
        place: Places.
        subjects: Kind and phrase of each subject.
        things: Things of each kind.
    """

    name: str
    near: bool
    valence: float
    arousal: float
    place: Phrases
    subjects: tuple[tuple[Kind, str], ...]
    things: Mapping[str, Phrases]


@cache
def worlds() -> tuple[World, ...]:
    """Return all worlds, in the order of the file."""
    return tuple(
        World(
            name,
            row["near"],
            row["valence"],
            row["arousal"],
            phrases(row["place"]),
            tuple((kind, phrase) for kind in KINDS for phrase in phrases(row[kind])),
            {kind: phrases(row[kind]) for kind in THINGS},
        )
        for name, row in _table()["world"].items()
    )


@cache
def family(name: str) -> Mapping[str, Phrases]:
    """Return the lists of a family, for example `light`, by their names."""
    return {key: phrases(text) for key, text in _table()[name].items()}


@cache
def hues(tonic: str) -> tuple[Phrases, Phrases, Phrases]:
    """Return the dark, middle and bright colours of a pitch class, or of `none`."""
    dark, middle, bright = (
        tuple(one.strip() for one in level.split(",")) for level in family("hue")[tonic]
    )
    return dark, middle, bright


def phrases(text: str) -> Phrases:
    """Split a string of the file at its semicolons."""
    return tuple(one.strip() for one in text.split(";"))


@cache
def _table() -> dict[str, Any]:
    text = files("engine.recipes.visual_prompts.rules").joinpath("words.toml").read_text("utf-8")
    return tomllib.loads(text)
