"""What there is: recipes and backends by name, ours and third parties'.

Both come from entry points (`safelight.recipes`, `safelight.backends`). Ours are known without
asking, so that the engine runs from a source tree too, and so that starting costs no search.
"""

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from engine.config.environment import Environment, RecordingEnvironment
from engine.contract import Backend, BackendFamily
from engine.contract.recipe import AnyRecipe, Recipe
from engine.text.errors import UserError
from engine.trust.guard import addresses_in, refuse_untrusted

_RECIPES = {
    "refine": "engine.recipes.refine:RECIPE",
    "storyboard": "engine.recipes.storyboard:RECIPE",
}
_BACKENDS = {
    "builtin": "engine.backends.builtin:FAMILY",
    "anthropic": "engine.backends.anthropic:FAMILY",
    "gemini": "engine.backends.gemini:FAMILY",
    "ollama": "engine.backends.ollama:FAMILY",
    "openai": "engine.backends.openai:FAMILY",
    "comfyui": "engine.backends.comfyui:FAMILY",
    "fal": "engine.backends.fal:FAMILY",
    "gemini-image": "engine.backends.gemini_image:FAMILY",
    "stability": "engine.backends.stability:FAMILY",
    "local": "engine.backends.local:FAMILY",
    "diffusers": "engine.backends.diffusers:FAMILY",
}


class UnknownName(UserError, KeyError):
    """There is no recipe or backend of a name; the message lists those there are."""


class BackendSettingsError(UserError, ValueError):
    """The settings of a backend are wrong; the message names them."""


@dataclass
class EntryPointCatalog:
    """Recipes and backends of the installed packages.

    Attributes:
        recipes: Where each recipe is, `module:name`.
        families: Where each family of backends is, `module:name`.
    """

    recipes: dict[str, str] = field(default_factory=lambda: dict(_RECIPES))
    families: dict[str, str] = field(default_factory=lambda: dict(_BACKENDS))
    _searched: set[str] = field(default_factory=set)

    def recipe(self, name: str) -> AnyRecipe:
        """The recipe of a name.

        Raises:
            UnknownName: There is none.
        """
        found = _load(self._find(self.recipes, "safelight.recipes", name, "recipe"))
        if not isinstance(found, Recipe):
            raise UnknownName(f"The entry point {name!r} is not a recipe.")
        return found

    def family(self, name: str) -> BackendFamily:
        """The family of backends of a name.

        Raises:
            UnknownName: There is none.
        """
        found = _load(self._find(self.families, "safelight.backends", name, "backend"))
        if not isinstance(found, BackendFamily):
            raise UnknownName(f"The entry point {name!r} is not a family of backends.")
        return found

    def backend(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        """A backend of a name for a capability.

        Raises:
            UnknownName: There is none, or it cannot do that.
            BackendSettingsError: Its settings are wrong.
            Untrusted: It would send a key of the user to an address that only the workspace names.
        """
        family = self.family(name)
        if capability not in family.factories:
            can = ", ".join(sorted(family.factories))
            raise UnknownName(f"The backend {name} does not do {capability}; it does {can}.")
        made, factory = self.backend_settings(name, settings), family.factories[capability]
        if not isinstance(environment, Environment):
            return factory(made, environment)
        watched = RecordingEnvironment(environment)
        backend = factory(made, watched)
        refuse_untrusted(made, watched)
        return backend

    def needs_trust(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Environment,
    ) -> tuple[set[str], list[str]]:
        """The addresses that a backend's settings name, and the keys that it looks for.

        Raises:
            UnknownName: There is none, or it cannot do that.
            BackendSettingsError: Its settings are wrong.
        """
        made, watched = self.backend_settings(name, settings), RecordingEnvironment(environment)
        self.family(name).factories[capability](made, watched)
        return addresses_in(made) | watched.addresses_of_workspace, watched.key_names

    def backend_settings(self, name: str, settings: Mapping[str, Any]) -> Any:
        """The validated settings of a family of backends.

        Raises:
            BackendSettingsError: Something in them is wrong.
        """
        try:
            return self.family(name).settings.model_validate(dict(settings))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            where = f"Backend {name}, {place}" if place else f"Backend {name}"
            said = first["msg"].removeprefix("Value error, ")
            raise BackendSettingsError(f"{where}: {said}.") from None

    def recipe_names(self) -> list[str]:
        """Return the name of every recipe, without loading one."""
        self._search(self.recipes, "safelight.recipes")
        return sorted(self.recipes)

    def all_recipes(self) -> Iterator[AnyRecipe]:
        """Every recipe, by name."""
        for name in self.recipe_names():
            yield self.recipe(name)

    def all_families(self) -> Iterator[BackendFamily]:
        """Every family of backends, by name."""
        self._search(self.families, "safelight.backends")
        for name in sorted(self.families):
            yield self.family(name)

    def _find(self, known: dict[str, str], group: str, name: str, what: str) -> str:
        if name not in known:
            self._search(known, group)
        if name not in known:
            names = ", ".join(sorted(known))
            raise UnknownName(f"There is no {what} {name!r}; there are: {names}.")
        return known[name]

    def _search(self, known: dict[str, str], group: str) -> None:
        if group in self._searched:
            return
        self._searched.add(group)
        from importlib.metadata import entry_points

        for point in entry_points(group=group):
            known.setdefault(point.name, point.value)


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
