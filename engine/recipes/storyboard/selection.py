"""Selection of an image from a set, with the reason in words."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from engine.contract import Artifact, Critique, Permanent, Request, Result, Score, ScoreTable
from engine.recipes.storyboard.combine import Combination
from engine.recipes.storyboard.ranking import Ranking, ranking

QUALITY = "quality"
"""The metric of a chosen image: the weighted average of its marks, 0 to 100."""

OVERALL = "overall"
"""The metric that a set is ordered by."""

_WHO = "storyboard editor-1"


class SelectRequest(Request):
    """Asks for the best image of a set.

    Attributes:
        sheet: Its scores.
        numbers: The variation that each image is.
        failed: Failed variations, with the reasons.
        weights: Weight of each metric; none for the standard ones.
        combination: How the marks are combined.
        threshold: Quality that the chosen image should have.
        decided: The variation that an operator decided; 0 if nobody has.
    """

    sheet: ScoreTable
    numbers: tuple[int, ...] = Field(min_length=1)
    failed: tuple[str, ...] = ()
    weights: Mapping[str, float] = {}
    combination: Combination = "weighted"
    threshold: float = 0.0
    decided: int = 0


class Selection(Result):
    """Selected image of a set, and the reason.

    Attributes:
        ranking: The set in order.
        numbers: The variation that each image of the ranking is.
        best: The variation that the scores chose.
        chosen: The variation that is taken: the best, or what an operator decided.
        quality: The quality of what is taken; None if it has no mark.
        reason: Why it is taken, in words.
        warnings: What an operator should know, one sentence each.
    """

    ranking: Ranking
    numbers: tuple[int, ...]
    best: int
    chosen: int
    quality: float | None
    reason: str
    warnings: tuple[str, ...] = ()

    @property
    def image(self) -> Artifact:
        """Selected image."""
        return self.ranking.images[self.numbers.index(self.chosen)].image

    @property
    def scorers(self) -> tuple[str, ...]:
        """Sources of the quality scores, in order."""
        return tuple(sorted(one.scorer for one in self.ranking.weights if one.nominal > 0))

    def scores(self) -> list[Score]:
        """Quality of what is taken, and the overall score of each image."""
        columns = []
        if self.quality is not None:
            image = self.image.hash
            columns.append(Score(metric=QUALITY, value=self.quality, scorer=_WHO, image=image))
        columns += [
            Score(metric=OVERALL, value=one.overall, scorer=_WHO, image=one.image.hash)
            for one in self.ranking.images
            if one.overall is not None
        ]
        return columns

    def critiques(self) -> list[Critique]:
        """Reason and warnings."""
        return [Critique(text=self.reason, missing=self.warnings)]


def ranked(request: SelectRequest) -> Ranking:
    """The set of a request in order."""
    return ranking(request.sheet, request.weights, request.combination)


def select_best(request: SelectRequest) -> Selection:
    """Select an image of a set, with the reason.

    Raises:
        Permanent: What was decided is no image of the set.
    """
    ranking = ranked(request)
    best = request.numbers[ranking.best]
    chosen = request.decided or best
    if chosen not in request.numbers:
        there = ", ".join(map(str, request.numbers))
        raise Permanent(
            f"Variation {chosen} was decided, and the scene's images are {there}.",
            remedy="Decide one of these, or 0 for the one that the scores choose.",
        )
    taken = ranking.images[request.numbers.index(chosen)]
    warnings = [*request.failed, *ranking.warnings]
    if taken.quality is not None and taken.quality < request.threshold:
        warnings.insert(
            0,
            f"The quality score of variation {chosen}, {taken.quality:.1f}, is below the threshold "
            f"of {request.threshold:g}.",
        )
    return Selection(
        ranking=ranking,
        numbers=request.numbers,
        best=best,
        chosen=chosen,
        quality=taken.quality,
        reason=_reason(ranking, request.numbers, chosen, best),
        warnings=tuple(warnings),
    )


def _reason(ranking: Ranking, numbers: Sequence[int], chosen: int, best: int) -> str:
    by_rank = sorted(zip(ranking.images, numbers, strict=True), key=lambda pair: pair[0].rank)
    first = by_rank[0][0]
    if chosen != best:
        sentence = f"An operator chose variation {chosen}; the scores would have chosen {best}"
        return f"{sentence} ({_number(first.overall)})."
    if len(by_rank) == 1:
        sentence = f"Variation {chosen} is the only image; its overall score is"
        return f"{sentence} {_number(first.overall)}."
    second, number = by_rank[1]
    sentence = (
        f"Variation {chosen} has the highest overall score of {len(by_rank)}, "
        f"{_number(first.overall)}; variation {number} follows with {_number(second.overall)}."
    )
    pulls = [weight for weight in ranking.weights if weight.effective > 0]
    if not pulls:
        return f"{sentence} No scorer tells the images apart."
    most = max(pulls, key=lambda weight: weight.effective)
    return (
        f"{sentence} {most.metric} tells these images apart the most: {most.effective:.0%} of what "
        f"decides, for a weight of {most.nominal:.0%}."
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f}"
