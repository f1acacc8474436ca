"""Judges an image against a brief by measuring it.

It knows the image and the brief and nothing else: no prompt, no seed, no metadata. The score is
the weighted mean of how well each expectation is met, as `Expectation.met` has it, times 100. What
the brief asks for and no measure can see (which things are shown) is said, not guessed.

Its sentences are part of the refiner's request, and so of fingerprints in every store that exists:
a new wording needs a new version of the evaluator's rule.
"""

import numpy as np
from pydantic import BaseModel

from engine.contract.data import Check, Verdict
from engine.imaging.measure.colour import Rgb, from_hex, oklab
from engine.imaging.measure.image import Measures, measure
from engine.imaging.vocabulary.expectations import Expectation, measured, understand
from engine.imaging.vocabulary.lexicon import phrases

MET = 0.8
"""From here on an expectation counts as met."""

PARTLY_MET = 0.4
"""From here on it counts as partly met."""

_SENTENCES = {"met": "met", "partly": "partly met", "unmet": "not met"}

WORDS: dict[str, tuple[str, str, str]] = {
    "lightness": ("lightness", "brighter", "darker"),
    "contrast": ("contrast", "more contrast", "less contrast"),
    "saturation": ("colour saturation", "more saturated colours", "quieter colours"),
    "variety": ("variety of hues", "more distinct colours", "fewer distinct colours"),
    "warmth": ("warmth", "warmer colours", "cooler colours"),
    "sharpness": ("sharpness", "crisper edges", "softer edges"),
    "edge_density": ("amount of detail", "more detail", "less detail"),
    "mass_x": ("centre of weight", "weight further right", "weight further left"),
    "off_centre": (
        "distance of the weight from the centre",
        "a subject off centre",
        "more balance",
    ),
}
"""Name of each measure, with the words for too little and for too much of it."""


class MeasuredEvaluation(BaseModel):
    """The critic's findings; the same fields as an `Evaluation`, less the scorer."""

    score: float
    description: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    measurements: dict[str, float]
    checks: tuple[Check, ...]


def evaluate(image: bytes, brief: str, strictness: float = 1.0) -> MeasuredEvaluation:
    """Measure an encoded image and judge it against a brief.

    Args:
        image: PNG, JPEG or WebP.
        brief: What the operator asked for.
        strictness: Divides every tolerance.

    Raises:
        ValueError: The bytes are no image.
    """
    measures = measure(image)
    understood = understand(brief, strictness)
    values = measured(measures, understood.expectations)
    total = sum(one.weight for one in understood.expectations)
    reached = sum(one.weight * one.met(values[one.measure]) for one in understood.expectations)
    reasons = [_reason(one, values[one.measure]) for one in understood.expectations]
    lacking = [one for one in understood.expectations if one.met(values[one.measure]) < MET]
    lacking.sort(key=lambda one: (one.met(values[one.measure]) - 1) * one.weight)
    return MeasuredEvaluation(
        score=round(100 * reached / total, 2),
        description=describe(measures),
        reasons=(*reasons, _unmeasured(understood.unmeasured)),
        missing=tuple(_missing(one, values[one.measure]) for one in lacking),
        measurements=values,
        checks=(
            *(_check(one, values[one.measure]) for one in understood.expectations),
            *(Check(name=name, verdict="unknown") for name in understood.unmeasured),
        ),
    )


def describe(measures: Measures) -> str:
    """The image in words, as far as measures go."""
    light = _scale(
        measures.lightness,
        (0.25, "very dark"),
        (0.42, "dark"),
        (0.62, "mid-toned"),
        (0.78, "light"),
        (9, "very light"),
    )
    warm = _scale(
        measures.warmth,
        (-0.3, "cold"),
        (-0.08, "cool"),
        (0.12, "neutral"),
        (0.4, "warm"),
        (9, "very warm"),
    )
    contrast = _scale(measures.contrast, (0.085, "low"), (0.15, "moderate"), (9, "high"))
    strength = _scale(
        measures.saturation,
        (0.025, "nearly grey"),
        (0.06, "restrained"),
        (0.1, "clear"),
        (9, "strong"),
    )
    side = _scale(
        measures.mass_x, (0.44, "to the left"), (0.56, "in the middle"), (9, "to the right")
    )
    names: dict[str, float] = {}
    for swatch in measures.palette:
        name = _named(swatch.rgb)
        names[name] = names.get(name, 0.0) + swatch.share
    main = sorted(names.items(), key=lambda item: -item[1])[:4]
    colours = ", ".join(f"{name} ({share:.0%})" for name, share in main)
    return (
        f"A {light}, {warm} picture of {contrast} contrast in {strength} colours, "
        f"mostly {colours}; what stands out lies {side}."
    )


def _scale(value: float, *steps: tuple[float, str]) -> str:
    return next(word for limit, word in steps if value < limit)


def _named(rgb: Rgb) -> str:
    """The nearest colour of the vocabulary by distance in OKLab."""
    known = [
        (term.name, from_hex(term.value)) for term in phrases().values() if term.family == "colour"
    ]
    gaps = ((oklab(np.array([value for _, value in known])) - oklab(np.array(rgb))) ** 2).sum(
        axis=-1
    )
    return known[int(np.argmin(gaps))][0].replace("-", " ")


def _verdict(one: Expectation, value: float) -> Verdict:
    met = one.met(value)
    return "met" if met >= MET else "partly" if met >= PARTLY_MET else "unmet"


def _check(one: Expectation, value: float) -> Check:
    if one.measure.startswith("share:"):
        name, seen, expected = one.words[0], f"{value:.1%}", f"{one.low:.0%} or more"
    else:
        name, seen = WORDS[one.measure][0], f"{value:.2f}"
        expected = f"{one.low:.2f} to {one.high:.2f}"
    return Check(name=name, verdict=_verdict(one, value), value=seen, expected=expected)


def _reason(one: Expectation, value: float) -> str:
    verdict = _SENTENCES[_verdict(one, value)]
    asked = " and ".join(one.words)
    if one.measure.startswith("share:"):
        return f"{asked}: {verdict}; it covers {value:.1%}, expected are {one.low:.0%} or more."
    name = WORDS[one.measure][0]
    return f"{asked}: {verdict}; {name} is {value:.2f}, expected {one.low:.2f} to {one.high:.2f}."


def _missing(one: Expectation, value: float) -> str:
    if one.measure.startswith("share:"):
        return f"more {one.words[0]}"
    _, more, less = WORDS[one.measure]
    return more if one.gap(value) < 0 else less


def _unmeasured(names: tuple[str, ...]) -> str:
    if not names:
        return "Everything that the brief names in known words was measured; what is shown was not."
    things = ", ".join(names[:8])
    return f"Not judged, for measures cannot see it: whether the picture shows {things}."
