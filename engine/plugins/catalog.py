"""Recipes, backends and capabilities by name, ours and those of other packages."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.config.environment import Environment, RecordingEnvironment
from engine.config.trust.guard import addresses_in, refuse_untrusted
from engine.contract import Backend, BackendFamily, BackendInfo, Capability
from engine.contract.recipe import AnyRecipe, Recipe
from engine.plugins.points import OURS, BrokenPlugin, Group, Plugin, others
from engine.text.errors import UserError

log = logging.getLogger(__name__)


class UnknownName(UserError, KeyError):
    """No recipe, backend or capability has that name; the message lists the known ones."""


class BackendSettingsError(UserError, ValueError):
    """The settings of a backend are wrong; the message names them."""


@dataclass
class EntryPointCatalog:
    """Recipes, backends and capabilities of the installed packages.

    Attributes:
        recipes: Target of each recipe's entry point, `module:name`.
        families: Target of the entry point of each family of backends.
        capabilities: Target of each capability's entry point.
    """

    recipes: dict[str, str] = field(default_factory=lambda: dict(OURS["recipe"]))
    families: dict[str, str] = field(default_factory=lambda: dict(OURS["backend"]))
    capabilities: dict[str, str] = field(default_factory=lambda: dict(OURS["capability"]))
    _others: dict[Group, dict[str, Plugin]] = field(default_factory=dict)

    def recipe(self, name: str) -> AnyRecipe:
        """Return the recipe of a name.

        Raises:
            UnknownName: There is none.
            BrokenPlugin: It cannot be loaded.
        """
        return self._find("recipe", name).load(Recipe)

    def family(self, name: str) -> BackendFamily:
        """Return the family of backends of a name.

        Raises:
            UnknownName: There is none.
            BrokenPlugin: It cannot be loaded.
        """
        return self._find("backend", name).load(BackendFamily)

    def capability(self, name: str) -> Capability[Any]:
        """Return the capability of a name.

        Raises:
            UnknownName: There is none.
            BrokenPlugin: It cannot be loaded.
        """
        return self._find("capability", name).load(Capability)

    def backend(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Backend:
        """Return a backend of a name for a capability.

        Raises:
            UnknownName: There is none, or it cannot do that.
            BrokenPlugin: It cannot be created, or is not a backend of the capability.
            BackendSettingsError: Its settings are wrong.
            Untrusted: It would send a key of the user to an address that only the workspace names.
        """
        family = self.family(name)
        if capability not in family.factories:
            can = ", ".join(sorted(family.factories))
            raise UnknownName(f"The backend {name} does not do {capability}; it does {can}.")
        options = self.backend_settings(name, settings)
        if not isinstance(environment, Environment):
            return self._created(family, capability, options, environment)
        watched = RecordingEnvironment(environment)
        backend = self._created(family, capability, options, watched)
        refuse_untrusted(options, watched)
        return backend

    def _created(
        self, family: BackendFamily, capability: str, options: Any, environment: Mapping[str, str]
    ) -> Backend:
        """Create a backend, and check that it does what its family says."""
        backend = family.factories[capability](options, environment)
        problem = self._problem(backend, family.name, capability)
        if problem:
            raise BrokenPlugin(f"The backend {family.name!r} for {capability} {problem}.")
        return backend

    def _problem(self, backend: object, name: str, capability: str) -> str:
        if not isinstance(backend, Backend):
            return "is not a Backend; derive it from BaseBackend"
        info: Any = backend.info
        if not isinstance(info, BackendInfo):
            return "has no BackendInfo as its info"
        if (info.name, info.capability) != (name, capability):
            return f"describes itself as {info.name!r} for {info.capability}"
        if capability not in self.capabilities and capability not in self._search("capability"):
            return ""
        known = self.capability(capability)
        return "" if known.is_done_by(backend) else f"does not implement {known.protocol.__name__}"

    def needs_trust(
        self,
        capability: str,
        name: str,
        settings: Mapping[str, Any],
        environment: Environment,
    ) -> tuple[set[str], list[str]]:
        """Return the addresses that a backend's settings name, and the keys that it looks for.

        Raises:
            UnknownName: There is none, or it cannot do that.
            BackendSettingsError: Its settings are wrong.
        """
        options, watched = self.backend_settings(name, settings), RecordingEnvironment(environment)
        self.family(name).factories[capability](options, watched)
        return addresses_in(options) | watched.addresses_of_workspace, watched.key_names

    def backend_settings(self, name: str, settings: Mapping[str, Any]) -> BaseModel:
        """Return the validated settings of a family of backends.

        Raises:
            BackendSettingsError: Something in them is wrong.
        """
        try:
            return self.family(name).settings.model_validate(dict(settings))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            where = f"Backend {name}, {place}" if place else f"Backend {name}"
            message = first["msg"].removeprefix("Value error, ")
            raise BackendSettingsError(f"{where}: {message}.") from None

    def names(self, group: Group) -> list[str]:
        """Return the names of recipes, backends or capabilities, without loading one."""
        self._search(group)
        return sorted(self._known(group))

    def plugins(self, group: Group) -> list[Plugin]:
        """Return all recipes, backends or capabilities by name, without loading one."""
        return [self._find(group, name) for name in self.names(group)]

    def all_recipes(self) -> Iterator[AnyRecipe]:
        """Yield every recipe that can be loaded, by name; the others are logged."""
        for name in self.names("recipe"):
            try:
                yield self.recipe(name)
            except BrokenPlugin as error:
                log.warning("%s", error)

    def all_families(self) -> Iterator[BackendFamily]:
        """Yield every family of backends that can be loaded, by name; the others are logged."""
        for name in self.names("backend"):
            try:
                yield self.family(name)
            except BrokenPlugin as error:
                log.warning("%s", error)

    def _known(self, group: Group) -> dict[str, str]:
        known: dict[Group, dict[str, str]] = {
            "recipe": self.recipes,
            "backend": self.families,
            "capability": self.capabilities,
        }
        return known[group]

    def _find(self, group: Group, name: str) -> Plugin:
        known = self._known(group)
        if name not in known:
            self._search(group)
        if name not in known:
            names = ", ".join(sorted(known))
            raise UnknownName(f"There is no {group} {name!r}; there are: {names}.")
        plugin = self._others.get(group, {}).get(name)
        if plugin is None or plugin.target != known[name]:
            return Plugin(group, name, known[name])
        return plugin

    def _search(self, group: Group) -> dict[str, Plugin]:
        """Look for the plugins of other packages, once; a name that is taken stays unchanged."""
        if group not in self._others:
            known, plugins = self._known(group), dict[str, Plugin]()
            for plugin in others(group):
                if plugin.name not in known:
                    known[plugin.name] = plugin.target
                    plugins[plugin.name] = plugin
            self._others[group] = plugins
        return self._others[group]
