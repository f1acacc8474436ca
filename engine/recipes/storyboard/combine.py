"""One number from several scorers: weights, scales and places within a set. Pure computation.

A set is what one score sheet holds: images of one text, scored together. Marks are never
compared across sheets, and never across scorers but through the weights that are given here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from engine.contract import ScorerScores

Combination = Literal["weighted", "rank", "zscore"]
"""Values that are weighed: the marks, their ranks within the set, or their standard scores."""

STANDARD_WEIGHTS = {"pickscore": 0.50, "clipscore": 0.25, "vqascore": 0.15, "aesthetic": 0.10}
"""Weights of the four scorers that have some unless others are set."""

DECIMALS = 4
"""Decimals to which overall scores are compared; closer ones are equal."""

Values = Sequence[float | None]


def nominal_weights(
    columns: Sequence[ScorerScores], wanted_weights: Mapping[str, float]
) -> dict[str, float]:
    """The weights of a set's scorers, adding up to 1; a scorer that weighs nothing is left out.

    Given weights hold, and what they do not name weighs nothing. Without any, or in a set that was
    scored by none of those that they name, the four standard scorers have theirs; a set in which
    none of the four has a mark weighs all scorers alike.

    Args:
        columns: The set's columns; those without a single mark weigh nothing.
        wanted_weights: Weight of each metric, any scale.
    """
    present = [c.metric for c in columns if any(mark.value is not None for mark in c.marks)]
    chosen = next(
        (
            weights
            for weights in (wanted_weights, STANDARD_WEIGHTS)
            if any(weights.get(metric, 0.0) > 0 for metric in present)
        ),
        dict.fromkeys(present, 1.0),
    )
    nominal = {metric: chosen[metric] for metric in present if chosen.get(metric, 0.0) > 0}
    total = math.fsum(nominal.values())
    return {metric: weight / total for metric, weight in nominal.items()}


def scaled(values: Values, how: Combination) -> list[float | None]:
    """A scorer's marks as they are weighed; a missing mark stays missing.

    `weighted` takes them as they are. `rank` gives the best 100, the worst 0 and the others even
    steps between, equal marks the mean of their places. `zscore` gives T-scores: 50 plus ten times
    the distance from the set's mean in standard deviations of the set. A set of one, or of equal
    marks, is in the middle: 50.
    """
    known = [value for value in values if value is not None]
    if how == "weighted" or not known:
        return list(values)
    if how == "rank":
        return [None if v is None else _place(v, known) for v in values]
    mean, spread = math.fsum(known) / len(known), deviation(known)
    if not spread:
        return [None if v is None else 50.0 for v in values]
    return [None if v is None else 50.0 + 10.0 * (v - mean) / spread for v in values]


def _place(value: float, known: Sequence[float]) -> float:
    """Share of the others that a mark beats, equal ones by half, times 100."""
    if len(known) == 1:
        return 50.0
    beaten = sum(other < value for other in known)
    equal = sum(other == value for other in known) - 1
    return 100.0 * (beaten + equal / 2) / (len(known) - 1)


def deviation(values: Sequence[float]) -> float:
    """Standard deviation of a whole set; 0 if all are equal, rounding aside."""
    mean = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return spread if spread > 1e-9 * max(1.0, abs(mean)) else 0.0


def effective_weights(
    weighed: Mapping[str, Values], nominal: Mapping[str, float]
) -> dict[str, float]:
    """Share of each scorer in what tells the images apart: weight times spread, normalised."""
    pulls = {
        metric: weight * deviation([v for v in weighed[metric] if v is not None])
        for metric, weight in nominal.items()
    }
    total = math.fsum(pulls.values())
    return {metric: round(pull / total, 4) if total else 0.0 for metric, pull in pulls.items()}


def average(
    weighed: Mapping[str, Values], nominal: Mapping[str, float], index: int
) -> float | None:
    """The weighted average of one image's marks, over those that there are."""
    pairs = [
        (weight, mark)
        for metric, weight in nominal.items()
        if (mark := weighed[metric][index]) is not None
    ]
    if not pairs:
        return None
    total = math.fsum(weight for weight, _ in pairs)
    return round(math.fsum(weight * mark for weight, mark in pairs) / total, DECIMALS)


def ranks_of(overall: Values) -> list[int]:
    """Places from 1: the greatest number first, of equal ones the earlier, missing ones last."""
    order = sorted(
        range(len(overall)),
        key=lambda index: (overall[index] is None, -(overall[index] or 0.0), index),
    )
    return [order.index(index) + 1 for index in range(len(overall))]
