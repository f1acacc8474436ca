"""Headlines and decisions of the recipes."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.contract.page import PagePart
    from engine.contract.tiers import Tier


@dataclass(frozen=True, slots=True)
class RecipeInfo:
    """A recipe as the dashboard needs it: its headline and its decisions.

    Attributes:
        metric: Name of the score.
        low: Minimum value.
        high: Maximum value.
        higher_is_better: True if a greater value is better.
        decisions: Keys of its decisions, as patterns.
        page: Parts of the page of a job.
        choices: Keys of decisions whose scopes are elsewhere, with the pattern of the scopes.
        defaults: Settings with their defaults as JSON.
        texts: Keys of decisions on texts, as patterns, with hints on texts that fit.
        tiers: Groups of steps whose costs are shown together.
    """

    metric: str = "score"
    low: float = 0
    high: float = 100
    higher_is_better: bool = True
    decisions: tuple[str, ...] = ()
    page: "tuple[PagePart, ...]" = ()
    choices: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    tiers: "tuple[Tier, ...]" = ()
    defaults: tuple[tuple[str, str], ...] = ()


class Headlines:
    """Headlines by the recipe's name; a recipe that is not installed has a plain score."""

    def __init__(self) -> None:
        self._known: dict[str, RecipeInfo] = {}

    def of(self, recipe: str, *, wait: bool = True) -> RecipeInfo:
        """Return the headline of a recipe.

        Args:
            recipe: Its name.
            wait: Whether to import a recipe that has not been imported yet, which takes some 100 ms
                with all its models; otherwise it has a plain score until a later call has waited.
        """
        if recipe not in self._known:
            if not wait:
                return RecipeInfo()
            self._known[recipe] = _load(recipe)
        return self._known[recipe]


def _load(recipe: str) -> RecipeInfo:
    from engine.client.recipes import load_recipe  # not for the first paint
    from engine.contract.decision_points import Approval, Choice, FreeText

    loaded = load_recipe(recipe)
    if loaded is None:
        return RecipeInfo()
    of = loaded.headline
    asked = tuple(one.key for one in loaded.decisions if not isinstance(one, Approval))
    choices = (one for one in loaded.decisions if isinstance(one, Choice) and one.among)
    elsewhere = tuple((one.key, one.among) for one in choices)
    texts = tuple((one.key, one.hint) for one in loaded.decisions if isinstance(one, FreeText))
    fields = loaded.settings.model_json_schema(by_alias=False)["properties"].items()
    defaults = tuple((name, json.dumps(part.get("default"))) for name, part in fields)
    return RecipeInfo(
        of.metric,
        of.low,
        of.high,
        of.higher_is_better,
        asked,
        loaded.page,
        elsewhere,
        texts,
        loaded.tiers,
        defaults,
    )
