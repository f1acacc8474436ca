"""One number from several scorers: how the marks of a set become an order. Pure computation.

A set is what one score sheet holds: pictures of one text, scored together. Marks are never
compared across sheets, and never across scorers but through the weights that are given here.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from engine.capabilities import Artifact, Column, ScoreSheet
from engine.capabilities.base import Plain

Combination = Literal["weighted", "rank", "zscore"]
"""What is weighed: the marks, their places within the set, or their standard scores."""

STANDARD_WEIGHTS = {"pickscore": 0.50, "clipscore": 0.25, "vqascore": 0.15, "aesthetic": 0.10}
"""Weights of the four scorers that have some unless others are set."""

DECIMALS = 4
"""Overall scores are told apart by so many decimals; closer ones are equal."""

Values = Sequence[float | None]


class Weight(Plain):
    """What one scorer counts for in a set.

    Attributes:
        metric: Its name.
        scorer: Who it is exactly: model, variant and version of its map.
        nominal: Its share of the weights, 0 to 1; the shares of a set add up to 1.
        effective: Its share of what tells the pictures apart, 0 to 1: weight times standard
            deviation within the set, normalised. They add up to 1, or are all 0 where no scorer
            tells any two pictures apart.
        text: Which text it was given.
        cut: Whether that text was longer than what it reads.
    """

    metric: str
    scorer: str
    nominal: float
    effective: float
    text: Literal["brief", "prompt", "none"]
    cut: bool


class MarkOf(Plain):
    """One scorer's mark of one picture: its own number, the number as 0 to 100, or why neither."""

    metric: str
    raw: float | None
    value: float | None
    note: str = ""


class Ranked(Plain):
    """What one picture of a set got.

    Attributes:
        image: The picture.
        overall: What the set is ordered by; None where no scorer gave it a mark.
        quality: The weighted average of its marks, 0 to 100, whatever the set is ordered by.
        rank: Its place in the set, from 1.
        marks: What each scorer gave.
    """

    image: Artifact
    overall: float | None
    quality: float | None
    rank: int
    marks: tuple[MarkOf, ...]


class Ranking(Plain):
    """A set in order.

    Attributes:
        combination: How the marks were combined.
        weights: What each scorer counted for, in the order of the sheet.
        pictures: The pictures, in the order of the sheet.
        notes: What has to be said about it, one sentence each.
    """

    combination: Combination
    weights: tuple[Weight, ...]
    pictures: tuple[Ranked, ...] = Field(min_length=1)
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> int:
        """Where the best picture stands, from 0."""
        return next(index for index, one in enumerate(self.pictures) if one.rank == 1)


def ranking(
    sheet: ScoreSheet, weights: Mapping[str, float] | None = None, how: Combination = "weighted"
) -> Ranking:
    """Puts the pictures of a score sheet in order.

    Args:
        sheet: The scores of one set.
        weights: Weight of each metric, any scale; none for the standard ones.
        how: What is weighed.

    Returns:
        The pictures with their ranks; of equal ones the first comes first, and one without any
        mark comes last.
    """
    named = {column.metric: column for column in sheet.columns}
    nominal = nominal_weights(list(named.values()), weights or {})
    values = {metric: [mark.value for mark in named[metric].marks] for metric in nominal}
    weighed = {metric: scaled(column, how) for metric, column in values.items()}
    count = len(sheet.images)
    overall = [_average(weighed, nominal, index) for index in range(count)]
    quality = [_average(values, nominal, index) for index in range(count)]
    ranks = ranks_of(overall)
    effective = effective_weights(weighed, nominal)
    return Ranking(
        combination=how,
        weights=tuple(
            Weight(
                metric=metric,
                scorer=column.scorer,
                nominal=nominal.get(metric, 0.0),
                effective=effective.get(metric, 0.0),
                text=column.text,
                cut=column.cut,
            )
            for metric, column in named.items()
        ),
        pictures=tuple(
            Ranked(
                image=image,
                overall=overall[index],
                quality=quality[index],
                rank=ranks[index],
                marks=tuple(_mark(column, index) for column in named.values()),
            )
            for index, image in enumerate(sheet.images)
        ),
        notes=tuple(_notes(named, nominal, weights or {}, overall)),
    )


def nominal_weights(columns: Sequence[Column], given: Mapping[str, float]) -> dict[str, float]:
    """The weights of a set's scorers, adding up to 1; a scorer that weighs nothing is left out.

    Given weights hold, and what they do not name weighs nothing. Without any, or in a set that was
    scored by none of those that they name, the four standard scorers have theirs; a set in which
    none of the four has a mark weighs all scorers alike.

    Args:
        columns: The set's columns; those without a single mark weigh nothing.
        given: Weight of each metric, any scale.
    """
    present = [c.metric for c in columns if any(mark.value is not None for mark in c.marks)]
    chosen = next(
        (
            weights
            for weights in (given, STANDARD_WEIGHTS)
            if any(weights.get(metric, 0.0) > 0 for metric in present)
        ),
        dict.fromkeys(present, 1.0),
    )
    found = {metric: chosen[metric] for metric in present if chosen.get(metric, 0.0) > 0}
    total = math.fsum(found.values())
    return {metric: weight / total for metric, weight in found.items()}


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
    """Standard deviation of a whole set; 0 where all are equal, rounding aside."""
    mean = math.fsum(values) / len(values)
    found = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return found if found > 1e-9 * max(1.0, abs(mean)) else 0.0


def effective_weights(
    weighed: Mapping[str, Values], nominal: Mapping[str, float]
) -> dict[str, float]:
    """Share of each scorer in what tells the pictures apart: weight times spread, normalised."""
    pulls = {
        metric: weight * deviation([v for v in weighed[metric] if v is not None])
        for metric, weight in nominal.items()
    }
    total = math.fsum(pulls.values())
    return {metric: round(pull / total, 4) if total else 0.0 for metric, pull in pulls.items()}


def _average(
    weighed: Mapping[str, Values], nominal: Mapping[str, float], index: int
) -> float | None:
    """The weighted average of one picture's marks, over those that there are."""
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


def _mark(column: Column, index: int) -> MarkOf:
    mark = column.marks[index]
    return MarkOf(metric=column.metric, raw=mark.raw, value=mark.value, note=mark.note)


def _notes(
    named: Mapping[str, Column],
    nominal: Mapping[str, float],
    given: Mapping[str, float],
    overall: Values,
) -> list[str]:
    notes = []
    if not nominal:
        notes.append("No scorer gave a mark, so the first picture stands.")
    elif given and not any(given.get(metric, 0.0) > 0 for metric in nominal):
        notes.append("No scorer with a set weight gave a mark, so the others weigh as by default.")
    for metric, column in named.items():
        missing = [mark for mark in column.marks if mark.value is None]
        if missing:
            why = f" ({missing[0].note})" if missing[0].note else ""
            whom = "all" if len(missing) == len(column.marks) else f"{len(missing)}"
            notes.append(
                f"{metric} gave no mark to {whom} of {len(column.marks)} pictures{why}; the other "
                "weights are scaled up there."
            )
        if column.cut:
            notes.append(f"{metric} read the beginning of its text only: it is longer than that.")
    known = {value for value in overall if value is not None}
    if len(overall) > 1 and len(known) == 1:
        notes.append("All pictures have the same overall score, so the first one stands.")
    if others := sorted(set(named) - set(nominal) - _unmarked(named)):
        notes.append(f"Shown without weight: {', '.join(others)}.")
    return notes


def _unmarked(named: Mapping[str, Column]) -> set[str]:
    return {m for m, column in named.items() if all(mark.value is None for mark in column.marks)}
