"""What jobs are compared by, for each recipe."""

from engine.runtime.recipe import Headline


class Headlines:
    """Headlines by the recipe's name; a recipe that is not installed has a plain score."""

    def __init__(self) -> None:
        self._known: dict[str, Headline] = {}

    def of(self, recipe: str) -> Headline:
        """The headline of a recipe."""
        if recipe not in self._known:
            self._known[recipe] = _load(recipe)
        return self._known[recipe]


def _load(recipe: str) -> Headline:
    from engine.catalog import EntryPointCatalog

    try:
        return EntryPointCatalog().recipe(recipe).headline
    except Exception:  # noqa: BLE001 - a third party's module may fail in any way on import
        return Headline("score", 0, 100)
