"""A score sheet in order: who counts for how much, who is first, and what has to be said of it."""

from collections.abc import Mapping
from typing import Literal

from pydantic import AliasChoices, Field

from engine.contract import Artifact, ScorerScores, ScoreTable
from engine.contract.backend import FrozenModel
from engine.recipes.storyboard.combine import (
    Combination,
    Values,
    average,
    effective_weights,
    nominal_weights,
    ranks_of,
    scaled,
)

_FORMER_IMAGES = "pictures"
"""Key of `Ranking.images` in results of earlier releases."""


class Weight(FrozenModel):
    """Weight of one scorer in a set.

    Attributes:
        metric: Its name.
        scorer: Who it is exactly: model, variant and version of its map.
        nominal: Its share of the weights, 0 to 1; the shares of a set add up to 1.
        effective: Its share of what tells the images apart, 0 to 1: weight times standard
            deviation within the set, normalised. They add up to 1, or are all 0 if no scorer
            tells any two images apart.
        text: Which text it was given.
        cut: Whether that text was longer than what it reads.
    """

    metric: str
    scorer: str
    nominal: float
    effective: float
    text: Literal["brief", "prompt", "none"]
    cut: bool


class RankedScore(FrozenModel):
    """One scorer's mark of one image: its own number, the number as 0 to 100, or why neither."""

    metric: str
    raw: float | None
    value: float | None
    note: str = ""


class RankedImage(FrozenModel):
    """Scores and rank of one image of a set.

    Attributes:
        image: The image.
        overall: What the set is ordered by; None if no scorer gave it a mark.
        quality: The weighted average of its marks, 0 to 100, whatever the set is ordered by.
        rank: Its place in the set, from 1.
        marks: What each scorer gave.
    """

    image: Artifact
    overall: float | None
    quality: float | None
    rank: int
    marks: tuple[RankedScore, ...]


class Ranking(FrozenModel):
    """A set in order.

    Attributes:
        combination: How the marks were combined.
        weights: What each scorer counted for, in the order of the sheet.
        images: The images, in the order of the sheet.
        warnings: What may make the order worth less, one sentence each.
        notes: What explains it, one sentence each.
    """

    combination: Combination
    weights: tuple[Weight, ...]
    images: tuple[RankedImage, ...] = Field(
        min_length=1, validation_alias=AliasChoices("images", _FORMER_IMAGES)
    )
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> int:
        """Index of the best image, from 0."""
        return next(index for index, one in enumerate(self.images) if one.rank == 1)


def ranking(
    sheet: ScoreTable, weights: Mapping[str, float] | None = None, how: Combination = "weighted"
) -> Ranking:
    """Rank the images of a score sheet.

    Args:
        sheet: The scores of one set.
        weights: Weight of each metric, any scale; none for the standard ones.
        how: What is weighed.

    Returns:
        The images with their ranks; of equal ones the first comes first, and one without any
        mark comes last.
    """
    named = {column.metric: column for column in sheet.columns}
    nominal = nominal_weights(list(named.values()), weights or {})
    values = {metric: [mark.value for mark in named[metric].marks] for metric in nominal}
    weighed = {metric: scaled(column, how) for metric, column in values.items()}
    count = len(sheet.images)
    overall = [average(weighed, nominal, index) for index in range(count)]
    quality = [average(values, nominal, index) for index in range(count)]
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
        images=tuple(
            RankedImage(
                image=image,
                overall=overall[index],
                quality=quality[index],
                rank=ranks[index],
                marks=tuple(_mark(column, index) for column in named.values()),
            )
            for index, image in enumerate(sheet.images)
        ),
        warnings=tuple(_warnings(named, nominal, weights or {})),
        notes=tuple(_notes(named, nominal, overall)),
    )


def _mark(column: ScorerScores, index: int) -> RankedScore:
    mark = column.marks[index]
    return RankedScore(metric=column.metric, raw=mark.raw, value=mark.value, note=mark.note)


def _warnings(
    named: Mapping[str, ScorerScores], nominal: Mapping[str, float], weights: Mapping[str, float]
) -> list[str]:
    """Return notes on what weakens the ranking."""
    warnings = []
    if not nominal:
        warnings.append("No scorer gave a mark, so the first image stands.")
    elif weights and not any(weights.get(metric, 0.0) > 0 for metric in nominal):
        warnings.append(
            "No scorer with a set weight gave a mark, so the others weigh as by default."
        )
    for metric, column in named.items():
        missing = [mark for mark in column.marks if mark.value is None]
        if missing:
            why = f" ({missing[0].note})" if missing[0].note else ""
            whom = "all" if len(missing) == len(column.marks) else f"{len(missing)}"
            warnings.append(
                f"{metric} gave no mark to {whom} of {len(column.marks)} images{why}; the other "
                "weights are scaled up there."
            )
    return warnings


def _notes(
    named: Mapping[str, ScorerScores], nominal: Mapping[str, float], overall: Values
) -> list[str]:
    """Return notes that explain the ranking."""
    notes = [
        f"{metric} read the beginning of its text only: it is longer than that."
        for metric, column in named.items()
        if column.cut
    ]
    best = max((value for value in overall if value is not None), default=None)
    first = [value for value in overall if value is not None and value == best]
    if len(first) > 1:
        notes.append(f"{len(first)} images share the highest score, so the first of them stands.")
    if others := sorted(set(named) - set(nominal) - _unmarked(named)):
        notes.append(f"Shown without weight: {', '.join(others)}.")
    return notes


def _unmarked(named: Mapping[str, ScorerScores]) -> set[str]:
    return {m for m, column in named.items() if all(mark.value is None for mark in column.marks)}
