"""What jobs are compared by, for each recipe."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The headline of a recipe, as the dashboard needs it.

    Attributes:
        metric: Name of the score.
        low: Least value.
        high: Greatest value.
        higher_is_better: Whether a greater value is better.
    """

    metric: str = "score"
    low: float = 0
    high: float = 100
    higher_is_better: bool = True


class Headlines:
    """Headlines by the recipe's name; a recipe that is not installed has a plain score.

    A recipe is imported when its headline is asked for the second time: the first picture of the
    dashboard does not wait for the models of all recipes, and is corrected a moment later.
    """

    def __init__(self) -> None:
        self._known: dict[str, Scale] = {}
        self._asked: set[str] = set()

    def of(self, recipe: str) -> Scale:
        """The headline of a recipe."""
        if recipe not in self._known:
            if recipe not in self._asked:
                self._asked.add(recipe)
                return Scale()
            self._known[recipe] = _load(recipe)
        return self._known[recipe]


def _load(recipe: str) -> Scale:
    from engine.catalog import EntryPointCatalog

    try:
        found = EntryPointCatalog().recipe(recipe).headline
    except Exception:  # noqa: BLE001 - a third party's module may fail in any way on import
        return Scale()
    return Scale(found.metric, found.low, found.high, found.higher_is_better)
