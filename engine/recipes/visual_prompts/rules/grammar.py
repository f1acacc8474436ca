"""Grammar of the offline writer: sentences of `sentences.toml`, filled from a brief."""

import random
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from engine.recipes.visual_prompts.rules.mapping import Brief
from engine.recipes.visual_prompts.rules.vocabulary import Phrases, family

ORDER = ("light", "palette", "detail", "motion", "air", "detail", "lens")
"""Families between the opening and the ending, in any order but for the first."""

_SLOT = re.compile(r"\{(\w+)\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=(?:[aeio]|u(?!ni|se))\w)")
_BRIGHTENING = ("brightening", "picking out", "edging", "warming", "touching", "sharpening")
_SHADED = ("in shade", "half hidden", "in deep shadow", "barely visible", "unlit", "in outline")


class Draw:
    """Choices from a brief: no phrase comes again before its list is used up."""

    def __init__(self, brief: Brief, rng: random.Random) -> None:
        """Shuffle the lists of a brief."""
        self._rng = rng
        self._left: dict[str, list[str]] = {}
        self._lists = _lists(brief)

    def __call__(self, slot: str) -> str:
        """Return a phrase for a slot; one that starts with a capital gets one."""
        name = slot.lower()
        name = {"things": "many"}.get(name, name)
        if not self._left.get(name):
            self._left[name] = self._rng.sample(self._lists[name], len(self._lists[name]))
        phrase = self._left[name].pop()
        if phrase.startswith("{") and slot[0].isupper():
            phrase = _SLOT.sub(lambda inner: self(inner[1].capitalize()), phrase, count=1)
        return phrase[0].upper() + phrase[1:] if slot[0].isupper() else phrase


def sentences(brief: Brief, rng: random.Random) -> list[str]:
    """Write the sentences of a prompt."""
    draw = Draw(brief, rng)
    first, *rest = ORDER
    names = ["opening", first, *rng.sample(rest, len(rest)), "ending"]
    used: set[str] = set()
    out = []
    for name in names:
        shape = rng.choice([one for one in shapes()[name] if one not in used])
        used.add(shape)
        out.append(fill(shape, draw))
    return out


def fill(shape: str, draw: Draw) -> str:
    """Fill the slots of a sentence and correct its articles."""
    text = shape
    while _SLOT.search(text):
        text = _SLOT.sub(lambda slot: draw(slot[1]), text)
    text = text[0].upper() + text[1:]
    return _ARTICLE.sub(r"\1n ", text)


@cache
def shapes() -> Mapping[str, Phrases]:
    """Return the sentences with slots, by family."""
    folder = files("engine.recipes.visual_prompts.rules")
    table = tomllib.loads(folder.joinpath("sentences.toml").read_text("utf-8"))
    return {name: tuple(rows) for name, rows in table.items()}


def _lists(brief: Brief) -> dict[str, Phrases]:
    world = brief.world
    return {
        "place": world.place,
        "subject": world.subject,
        "subject_last": ("scene", "view", "whole place", "far side"),
        "many": world.many,
        "one": world.one,
        "adj": brief.charge,
        "colour": brief.colours[:-1],
        "accent": brief.colours[-1:],
        "light": brief.light,
        "way": brief.ways,
        "verb": brief.motion,
        "where": family("motion")["where"],
        "weather": brief.weather,
        "weather_bare": ("mist", "haze", "air", "vapour"),
        "surface": brief.surface,
        "lens": brief.lens,
        "framing": family("lens")["framing"],
        "line": (brief.line,),
        "brightening": _BRIGHTENING,
        "shaded": _SHADED,
    }
