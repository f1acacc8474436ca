"""The recipes that can be chosen, with their defaults and the backends they can be given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.text.errors import UserError
from engine.text.terminal import clean

if TYPE_CHECKING:
    from engine.contract.recipe import AnyRecipe
    from engine.plugins.catalog import EntryPointCatalog

InstalledCatalog: TypeAlias = "EntryPointCatalog"


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe that can be chosen.

    Attributes:
        recipe: The recipe.
        defaults: The settings that the workspace gives it.
        backends: The backends that each of its capabilities can be given to, by name.
    """

    recipe: "AnyRecipe"
    defaults: Mapping[str, Any]
    backends: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class RecipeChoices:
    """Every recipe that could be loaded, and a sentence about those that could not."""

    recipes: list[RecipeChoice] = field(default_factory=list)
    trouble: str = ""


def installed_catalog() -> InstalledCatalog:
    """Return the recipes and backends that are installed, of which none is loaded yet."""
    from engine.plugins.catalog import EntryPointCatalog

    return EntryPointCatalog()


def load_recipe(name: str) -> "AnyRecipe | None":
    """Return an installed recipe; None if there is none or it cannot be loaded."""
    try:
        return installed_catalog().recipe(name)
    except Exception:  # noqa: BLE001 - a third party's module may fail in any way on import
        return None


def find_recipes(root: Path, catalog: InstalledCatalog) -> RecipeChoices:
    """Load every recipe; one that cannot be loaded, somebody else's perhaps, is named.

    Args:
        root: The workspace's folder.
        catalog: The recipes and backends.
    """
    from engine.config.settings import read_settings

    try:
        settings = read_settings(root)
    except UserError as error:
        return RecipeChoices(trouble=clean(str(error), 400))
    troubles: list[str] = []
    backends = _backends(catalog, troubles)
    choices = []
    for name in catalog.names("recipe"):
        try:
            recipe = catalog.recipe(name)
        except Exception as error:  # noqa: BLE001  other people's code
            troubles.append(f"The recipe {clean(name, 40)} cannot be loaded: {_short(error)}")
            continue
        offered: dict[str, tuple[str, ...]] = {
            capability: backends[capability] for capability in recipe.uses if capability in backends
        }
        choices.append(RecipeChoice(recipe, settings.recipes.get(name, {}), offered))
    choices.sort(key=lambda choice: len(choice.recipe.uses) == 1)  # single steps come last
    return RecipeChoices(choices, " ".join(troubles))


def _backends(catalog: InstalledCatalog, troubles: list[str]) -> dict[str, tuple[str, ...]]:
    by_capability: dict[str, list[str]] = {}
    for name in catalog.names("backend"):
        try:
            family = catalog.family(name)
        except Exception as error:  # noqa: BLE001  other people's code
            troubles.append(f"The backend {clean(name, 40)} cannot be loaded: {_short(error)}")
            continue
        for capability in family.factories:
            by_capability.setdefault(capability, []).append(name)
    return {capability: tuple(names) for capability, names in by_capability.items()}


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {clean(str(error), 120)}."
