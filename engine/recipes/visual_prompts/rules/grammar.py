"""Grammar of the offline writer: sentences of `sentences.toml`, filled from a brief."""

import random
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from engine.recipes.visual_prompts.rules.mapping import Brief
from engine.recipes.visual_prompts.rules.vocabulary import Phrases

_FREE = ("palette", "detail", "air", "depth", "frame", "motion")
"""Families between the light and the ending, in any order."""

_STEM = 5
"""Letters by which two words of one stem are known."""

_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=(?:[ai]|o(?!ne)|e(?!u)|u(?!ni|se)|hour|8|11|18)\w)")


class Draw:
    """Choices from a brief: no phrase comes again before its list is used up.

    Args:
        brief: The brief.
        rng: Source of the choices.
    """

    def __init__(self, brief: Brief, rng: random.Random) -> None:
        self._rng = rng
        self._left: dict[str, list[str]] = {}
        self._recent: dict[str, tuple[str, ...]] = {}
        self._lists = brief.words
        self._known: set[str] = set()

    def __call__(self, slot: str) -> str:
        """Return a phrase for a slot; a slot that starts with a capital starts a sentence."""
        name = slot.lower()
        phrase = self._landmark(name) if name.startswith("a_") else self._next(name)
        if slot[0].islower():
            return phrase
        if phrase.startswith("{"):
            return _SLOT.sub(lambda inner: self(inner[1].capitalize()), phrase, count=1)
        return phrase[:1].upper() + phrase[1:]

    def _next(self, name: str) -> str:
        left = self._left.get(name)
        if not left:
            recent = self._recent.get(name, ())
            left = self._rng.sample(self._lists[name], len(self._lists[name]))
            left.sort(key=lambda phrase: phrase not in recent)  # the last is drawn first
            self._left[name] = left
        phrase = left.pop()
        self._recent[name] = (*self._recent.get(name, ())[-1:], phrase)
        return phrase

    def _landmark(self, name: str) -> str:
        """Return a landmark with its article, and an adjective if the slot has one."""
        thing = self._next("one")
        article = "the" if thing in self._known else "a"
        self._known.add(thing)
        if "adj" not in name:
            return f"{article} {thing}"
        adjective = self._next("adj")
        if adjective[:_STEM] in thing:  # as in `weathered weathercock`
            adjective = self._next("adj")
        return f"{article} {adjective} {thing}"


def sentences(brief: Brief, rng: random.Random) -> list[str]:
    """Write the sentences of a prompt; fast music has more that moves, slow music more detail."""
    draw = Draw(brief, rng)
    middle = [*_FREE, "motion" if brief.pace > 0.5 else "detail"]
    names = ["opening", "light", *rng.sample(middle, len(middle)), "ending"]
    used: set[str] = set()
    out = []
    for name in names:
        shape = rng.choice([one for one in _shapes_for(brief, name) if one not in used])
        used.add(shape)
        out.append(fill(shape, draw))
    return out


def fill(shape: str, draw: Draw) -> str:
    """Fill the slots of a sentence and correct its articles."""
    text = shape
    while _SLOT.search(text):
        text = _SLOT.sub(lambda slot: draw(slot[1]), text)
    return _ARTICLE.sub(r"\1n ", text[0].upper() + text[1:])


@cache
def shapes() -> Mapping[str, Mapping[str, Phrases]]:
    """Return the sentences with slots, by family and variant."""
    folder = files("engine.recipes.visual_prompts.rules")
    table: dict[str, Any] = tomllib.loads(folder.joinpath("sentences.toml").read_text("utf-8"))
    return {
        name: {key: tuple(one) for key, one in rows.items()}
        if isinstance(rows, dict)
        else {"any": tuple(rows)}
        for name, rows in table.items()
    }


def _shapes_for(brief: Brief, name: str) -> Phrases:
    rows = shapes()[name]
    return rows[brief.layers] if name == "depth" else rows["any"]
