"""Assignment of scores: to a step as a whole, or to one image of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.queries.inspect import ScoreLine
from engine.client.views.recipe_info import RecipeInfo
from engine.text.terminal import clean

OVERALL = "overall"
"""Name of the overall score of judges that give several."""


@dataclass(frozen=True, slots=True)
class ImageScores:
    """The scores of a job.

    Attributes:
        headline: The recipe's headline, by the step that gave it.
        steps: Score of a step as a whole, by step: the headline, or its overall score.
        images: Scores of each image, by its hash, then by metric.
        taken: Selected images that the headline is about.
    """

    headline: Mapping[int, float] = field(default_factory=dict)
    steps: Mapping[int, float] = field(default_factory=dict)
    images: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()

    def of_image(self, image: str) -> float | None:
        """Return the overall score of an image."""
        return self.images.get(image, {}).get(OVERALL)

    def lines(self, image: str) -> tuple[tuple[str, float], ...]:
        """Return the other scores of an image, in the order in which they were given."""
        scores = self.images.get(image, {})
        return tuple((name, value) for name, value in scores.items() if name != OVERALL)


def marks_of(scores: Sequence[ScoreLine], scale: RecipeInfo) -> ImageScores:
    """Assign the scores of a job; of two for the same thing the newer one counts."""
    headline: dict[int, float] = {}
    steps: dict[int, float] = {}
    images: dict[str, dict[str, float]] = {}
    taken: set[str] = set()
    for score in scores:
        if score.metric == scale.metric:
            headline[score.step_id] = steps[score.step_id] = score.value
            if score.image is not None:
                taken.add(score.image)
        elif score.image is not None:
            images.setdefault(score.image, {})[clean(score.metric, 40)] = score.value
        elif score.metric == OVERALL:
            steps.setdefault(score.step_id, score.value)
    return ImageScores(headline, steps, images, frozenset(taken))
