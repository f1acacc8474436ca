"""Entry points of recipes, backends, capabilities and kinds, ours and others'.

Our own are known without a search, so that the engine runs from a source tree too, and so that
starting costs no search.
"""

import importlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from engine import __version__
from engine.text.errors import UserError

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint


class HasName(Protocol):
    """A plugin's object, which has a name."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


NamedT = TypeVar("NamedT", bound=HasName)

Group = Literal["recipe", "backend", "capability", "kind"]
"""Type of plugin."""

GROUPS: Mapping[Group, str] = {
    "recipe": "safelight.recipes",
    "backend": "safelight.backends",
    "capability": "safelight.capabilities",
    "kind": "safelight.kinds",
}
"""Entry point group of each type of plugin."""

PACKAGE = "safelight"
"""Name of our own distribution."""

OURS: Mapping[Group, Mapping[str, str]] = {
    "recipe": {
        "refine": "engine.recipes.refine:RECIPE",
        "storyboard": "engine.recipes.storyboard:RECIPE",
        "music-video": "engine.recipes.music_video:RECIPE",
        "sound-effect": "engine.recipes.sound_effect:RECIPE",
        "visual-prompts": "engine.recipes.visual_prompts:RECIPE",
        "generate": "engine.recipes.refine.alone.generate:RECIPE",
        "evaluate": "engine.recipes.refine.alone.evaluate:RECIPE",
        "refine-prompt": "engine.recipes.refine.alone.refine_prompt:RECIPE",
    },
    "backend": {
        "builtin": "engine.backends.builtin:FAMILY",
        "anthropic": "engine.backends.anthropic:FAMILY",
        "gemini": "engine.backends.gemini:FAMILY",
        "ollama": "engine.backends.ollama:FAMILY",
        "openai": "engine.backends.openai:FAMILY",
        "comfyui": "engine.backends.comfyui:FAMILY",
        "fal": "engine.backends.fal:FAMILY",
        "gemini-image": "engine.backends.gemini_image:FAMILY",
        "gemini-video": "engine.backends.gemini_video:FAMILY",
        "runway": "engine.backends.runway:FAMILY",
        "stability": "engine.backends.stability:FAMILY",
        "elevenlabs": "engine.backends.elevenlabs:FAMILY",
        "local": "engine.backends.local:FAMILY",
        "local-sounds": "engine.backends.local_sounds:FAMILY",
        "diffusers": "engine.backends.diffusers:FAMILY",
        "stable-audio": "engine.backends.stable_audio:FAMILY",
        "deforum": "engine.backends.deforum:FAMILY",
    },
    "capability": {
        "text": "engine.contract.text:TEXT",
        "vision": "engine.contract.vision:VISION",
        "image": "engine.contract.image:IMAGE",
        "audio": "engine.contract.audio:AUDIO",
        "video": "engine.contract.video:VIDEO",
        "score": "engine.contract.score:SCORE",
        "embedding": "engine.contract.embedding:EMBEDDING",
    },
}
"""Our own entry points, by name; kinds have a registry of their own."""

log = logging.getLogger(__name__)


class BrokenPlugin(UserError, ImportError):
    """A plugin cannot be loaded, or is not what its entry point promises."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point of an installed package.

    Attributes:
        group: Type of plugin.
        name: Its name.
        target: Object that it names, `module:name`.
        package: Distribution that it belongs to; empty if that is not known.
        version: Version of the distribution; empty if that is not known.
    """

    group: Group
    name: str
    target: str
    package: str = PACKAGE
    version: str = __version__

    @property
    def is_ours(self) -> bool:
        """True if it belongs to Safelight itself."""
        return self.package == PACKAGE

    def load(self, expected: type[NamedT]) -> NamedT:
        """Return the object that it names.

        Args:
            expected: Type that the object must have.

        Raises:
            BrokenPlugin: It cannot be imported, is something else, or has another name.
        """
        try:
            loaded = _imported(self.target)
        except (Exception, SystemExit) as error:
            raise self._broken(f"cannot be loaded: {_short(error)}") from error
        if not isinstance(loaded, expected):
            raise self._broken(f"is not a {expected.__name__}")
        if loaded.name != self.name and self.group != "kind":
            raise self._broken(f"calls itself {str(loaded.name)[:60]!r}")
        return loaded

    def _broken(self, problem: str) -> BrokenPlugin:
        source = f" of {self.package} {self.version}".rstrip() if self.package else ""
        remedy = "" if self.is_ours else f"Update or uninstall {self.package or 'its package'}."
        return BrokenPlugin(f"The {self.group} {self.name!r}{source} {problem}.", remedy=remedy)


def ours(group: Group) -> Iterator[Plugin]:
    """Yield Safelight's own plugins of a group."""
    for name, target in OURS.get(group, {}).items():
        yield Plugin(group, name, target)


def others(group: Group) -> list[Plugin]:
    """Return the plugins of other packages in a group, by name and package.

    A package whose metadata cannot be read is skipped.
    """
    known = set(OURS.get(group, {}).items())
    points = (point for point in _points(GROUPS[group]) if (point.name, point.value) not in known)
    plugins = (_plugin(group, point) for point in points)
    return sorted(
        (one for one in plugins if not one.is_ours),
        key=lambda one: (one.name, one.package, one.target),
    )


def _points(group: str) -> "Iterable[EntryPoint]":
    from importlib.metadata import distributions, entry_points

    try:
        return entry_points(group=group)
    except Exception:  # broken metadata of one package makes this fail for all
        log.warning("The entry points of some package cannot be read", exc_info=True)
        return [point for one in distributions() for point in _points_of(one, group)]


def _points_of(distribution: "Distribution", group: str) -> "list[EntryPoint]":
    try:
        return [point for point in distribution.entry_points if point.group == group]
    except Exception:  # noqa: BLE001 - the others are still of use
        return []


def _plugin(group: Group, point: "EntryPoint") -> Plugin:
    try:
        package, version = str(point.dist.name), str(point.dist.version)  # type: ignore[union-attr]
    except Exception:  # noqa: BLE001 - metadata without a name or a version
        package = version = ""
    return Plugin(group, point.name, point.value, package, version)


def _imported(target: str) -> Any:
    """Return the object that `module:name` names."""
    module, _, names = target.partition(":")
    return reduce(getattr, names.strip().split("."), importlib.import_module(module.strip()))


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}".rstrip(": ").rstrip(".")
