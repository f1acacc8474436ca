"""Turns a brief into expectations that can be measured; reads words, never an image."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from engine.imaging.measure.colour import chroma, from_hex, oklab
from engine.imaging.measure.image import Measures, colour_share
from engine.imaging.vocabulary.reading import Mention, PromptReading, read

GROUNDS = {
    "sea", "lake", "river", "sky", "field", "flower", "forest", "hill", "mountain", "desert",
    "snow-land", "city", "beach", "portrait", "whale", "planet", "galaxy", "reef",
}  # fmt: skip
"""Subjects that fill a good part of an image, so that their colour should too."""

SHARE_OF_GROUND, SHARE_OF_THING, SHARE_OF_PALETTE = 0.18, 0.025, 0.5
"""Part of an image that a ground's colour, a thing's colour, and all free colours should have."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a brief lets one expect of one measure.

    Attributes:
        measure: Name of the measure; `share:#rrggbb` for the share of a colour.
        low: The least that meets it.
        high: The most that meets it.
        weight: Its part in the score.
        words: The words of the brief it comes from.
        tolerance: Distance outside the range at which it is half met.
    """

    measure: str
    low: float
    high: float
    weight: float
    words: tuple[str, ...]
    tolerance: float

    def gap(self, value: float) -> float:
        """How far a value lies outside: negative below the range, positive above, 0 within."""
        return min(0.0, value - self.low) + max(0.0, value - self.high)

    def met(self, value: float) -> float:
        """How well a value meets it: 1 within the range, 1/2 one tolerance outside, 0 far off."""
        return 1 / (1 + (self.gap(value) / self.tolerance) ** 2)


@dataclass(frozen=True, slots=True)
class Brief:
    """A brief as a judge reads it.

    Attributes:
        expectations: What can be measured.
        unmeasured: What is asked for and no measure speaks about, mostly subjects.
    """

    expectations: tuple[Expectation, ...]
    unmeasured: tuple[str, ...]


@cache
def _table() -> dict[str, Any]:
    text = files("engine.imaging.vocabulary").joinpath("expectations.toml").read_text("utf-8")
    return tomllib.loads(text)


def understand(brief: str, strictness: float = 1.0) -> Brief:
    """Reads a brief; a brief without a known word gets what is expected of any image."""
    reading = read(brief)
    wishes: dict[str, list[tuple[tuple[float, float], float, str]]] = {}
    unmeasured: list[str] = []
    for mention in reading.mentions:
        if (mention.family, mention.name) in reading.removed or mention.family == "colour":
            continue
        ranges = _table().get(mention.family, {}).get(mention.name)
        if ranges is None:
            unmeasured.append(mention.name)
            continue
        weight = _table()["weights"][mention.family] * mention.weight
        for measure, span in ranges.items():
            wishes.setdefault(measure, []).append(((span[0], span[1]), weight, mention.name))
    for measure, span in _palette(reading).items():
        weight = _table()["weights"]["palette"]
        if measure == "lightness" and measure in wishes:
            weight *= 0.3
        wishes.setdefault(measure, []).append((span, weight, "the palette"))
    for measure, span in _table()["craft"]["any"].items():
        if measure not in wishes:
            wishes[measure] = [((span[0], span[1]), _table()["weights"]["craft"], "any picture")]
    ranges_ = [_averaged(measure, votes) for measure, votes in wishes.items()]
    every = (*ranges_, *_colours(reading))
    strict = (replace(one, tolerance=one.tolerance / strictness) for one in every)
    return Brief(tuple(strict), tuple(dict.fromkeys(unmeasured)))


def _averaged(measure: str, votes: list[tuple[tuple[float, float], float, str]]) -> Expectation:
    total = sum(weight for _, weight, _ in votes)
    low = sum(span[0] * weight for span, weight, _ in votes) / total
    high = sum(span[1] * weight for span, weight, _ in votes) / total
    words = tuple(dict.fromkeys(word for _, _, word in votes))
    return Expectation(measure, low, high, total, words, _table()["tolerance"][measure])


def _palette(reading: PromptReading) -> dict[str, tuple[float, float]]:
    """What the named colours that fill an image say of its mean tone; nothing for fewer than two.

    An image in teal and navy is about as dark, as cold and three quarters as colourful as these
    two. Words about light say more of lightness than the colours do.
    """
    filling = [one for one in reading.of("colour") if not one.of or one.of in GROUNDS]
    if len(filling) < 2:
        return {}
    lab = oklab(np.array([from_hex(one.value) for one in filling]))
    light, strength = float(lab[:, 0].mean()), float(chroma(lab).mean())
    spread = float(np.sqrt(lab[:, 1].var() + lab[:, 2].var()))
    warmth = float((lab[:, 1] * 0.5 + lab[:, 2] * 0.866).mean() / 0.1)
    return {
        "lightness": (light - 0.06, light + 0.06),
        "saturation": (0.55 * strength, 0.95 * strength),
        "variety": (0.5 * spread, 1.0 * spread),
        "warmth": (0.7 * warmth - 0.15, 0.7 * warmth + 0.15),
    }


def _colours(reading: PromptReading) -> list[Expectation]:
    """One expectation a colour: that enough of it is seen."""
    asked = reading.of("colour")[:8]
    free = sum(not colour.of for colour in asked)
    out: dict[str, Expectation] = {}
    for colour in asked:
        least = _least(colour, free)
        words = f"{colour.name} {colour.of}".strip()
        weight = 2.4 * colour.weight / len(asked) ** 0.5
        name = f"share:{colour.value}"
        out.setdefault(name, Expectation(name, least, 1.0, weight, (words,), least * 0.4))
    return list(out.values())


def _least(colour: Mention, free: int) -> float:
    if not colour.of:
        return max(0.06, min(0.24, SHARE_OF_PALETTE / (free + 1)))
    return SHARE_OF_GROUND if colour.of in GROUNDS else SHARE_OF_THING


def measured(measures: Measures, expectations: tuple[Expectation, ...]) -> dict[str, float]:
    """Every measure by name, with the shares of the colours that are expected."""
    values = measures.numbers()
    values["off_centre"] = round(abs(measures.mass_x - 0.5), 4)
    for one in expectations:
        if one.measure.startswith("share:"):
            colour = from_hex(one.measure.removeprefix("share:"))
            values[one.measure] = round(colour_share(measures.lab, colour), 4)
    return values
