"""Which scores belong to what: to a step as a whole, or to one picture of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.queries.inspect import Given
from engine.text.terminal import clean
from tui.snapshots.recipe_info import Scale

OVERALL = "overall"
"""What judges that give several scores call the one that sums them up."""


@dataclass(frozen=True, slots=True)
class Marks:
    """The scores of a job.

    Attributes:
        headline: The recipe's headline, by the step that gave it.
        steps: What a step gave on the whole, by step: the headline, or what sums its scores up.
        pictures: What each picture was given, by its hash, then by metric.
        taken: Pictures out of several that the headline is about.
    """

    headline: Mapping[int, float] = field(default_factory=dict)
    steps: Mapping[int, float] = field(default_factory=dict)
    pictures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()

    def of_picture(self, picture: str) -> float | None:
        """What sums the scores of a picture up."""
        return self.pictures.get(picture, {}).get(OVERALL)

    def lines(self, picture: str) -> tuple[tuple[str, float], ...]:
        """The other scores of a picture, in the order in which they were given."""
        given = self.pictures.get(picture, {})
        return tuple((name, value) for name, value in given.items() if name != OVERALL)


def marks_of(given: Sequence[Given], scale: Scale) -> Marks:
    """The scores of a job, put in their places; of two for the same thing the newer one holds."""
    headline: dict[int, float] = {}
    steps: dict[int, float] = {}
    pictures: dict[str, dict[str, float]] = {}
    taken: set[str] = set()
    for score in given:
        if score.metric == scale.metric:
            headline[score.step_id] = steps[score.step_id] = score.value
            if score.image is not None:
                taken.add(score.image)
        elif score.image is not None:
            pictures.setdefault(score.image, {})[clean(score.metric, 40)] = score.value
        elif score.metric == OVERALL:
            steps.setdefault(score.step_id, score.value)
    return Marks(headline, steps, pictures, frozenset(taken))
