"""A catalog of recipes and backends that Python hands in, without entry points."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from engine.contract.backend import Backend, BackendFamily
from engine.contract.recipe import AnyRecipe
from engine.plugins.catalog import EntryPointCatalog, UnknownName

T = TypeVar("T")


class NoSettings(BaseModel):
    """Settings of a family of backends that has none."""


class MemoryCatalog(EntryPointCatalog):
    """The given recipes and backends, and nothing that is installed.

    Args:
        recipes: Recipes; each is found by its name.
        backends: Backends; each is found by name and capability of its info.
        families: Whole families, for those whose settings or keys are tested.

    Attributes:
        known_recipes: The recipes by name; a test may replace, add and remove them.
    """

    def __init__(
        self,
        recipes: Iterable[AnyRecipe] = (),
        backends: Iterable[Backend] = (),
        families: Iterable[BackendFamily] = (),
    ) -> None:
        super().__init__()
        self.known_recipes = {recipe.name: recipe for recipe in recipes}
        self._families = {family.name: family for family in families}
        for backend in backends:
            self.add(backend)

    def add(self, backend: Backend) -> None:
        """Add a backend, or replace the one of its name and capability."""
        info = backend.info
        family = self._families.get(info.name)
        others = family.factories if family else {}
        self._families[info.name] = BackendFamily(
            info.name,
            summary=f"{info.name}, in memory.",
            settings=NoSettings,
            factories={**others, info.capability: _returns(backend)},
        )

    def recipe(self, name: str) -> AnyRecipe:
        """Return the recipe of a name.

        Raises:
            UnknownName: There is none.
        """
        return _found(self.known_recipes, name, "recipe")

    def family(self, name: str) -> BackendFamily:
        """Return the family of backends of a name.

        Raises:
            UnknownName: There is none.
        """
        return _found(self._families, name, "backend")

    def recipe_names(self) -> list[str]:
        """Return the names of all recipes."""
        return sorted(self.known_recipes)

    def all_families(self) -> Iterator[BackendFamily]:
        """Yield every family of backends, by name."""
        yield from (self._families[name] for name in sorted(self._families))


def _returns(backend: Backend) -> Callable[[Any, Mapping[str, str]], Backend]:
    return lambda _settings, _environment: backend


def _found(known: Mapping[str, T], name: str, what: str) -> T:
    if name not in known:
        raise UnknownName(f"There is no {what} {name!r}; there are: {', '.join(sorted(known))}.")
    return known[name]
