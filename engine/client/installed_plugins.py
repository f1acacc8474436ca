"""List of the installed plugins: name, package, version, module, and why one cannot be loaded."""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.contract.kinds import Kind
from engine.kinds.registry import kinds
from engine.plugins.catalog import EntryPointCatalog
from engine.plugins.points import OURS, BrokenPlugin, Group, Plugin, others


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A plugin as `safelight plugins` shows it.

    Attributes:
        group: Type of plugin.
        name: Its name.
        package: Distribution that it belongs to; empty if that is not known.
        version: Version of the distribution; empty if that is not known.
        module: Module that it is in.
        error: Reason why it cannot be used, as a sentence; empty if it can.
    """

    group: Group
    name: str
    package: str
    version: str
    module: str
    error: str = ""


def installed_plugins(catalog: EntryPointCatalog) -> list[InstalledPlugin]:
    """Return all recipes, backends, capabilities and kinds; each is loaded to see that it can be.

    Args:
        catalog: The recipes, backends and capabilities.
    """
    installed = [
        _described(plugin, _error(catalog, plugin))
        for group in OURS
        for plugin in catalog.plugins(group)
    ]
    return [*installed, *_shadowed(catalog), *_kinds()]


def _described(plugin: Plugin, error: str = "") -> InstalledPlugin:
    module = plugin.target.partition(":")[0].strip()
    return InstalledPlugin(plugin.group, plugin.name, plugin.package, plugin.version, module, error)


def _error(catalog: EntryPointCatalog, plugin: Plugin) -> str:
    load = {
        "recipe": catalog.recipe,
        "backend": catalog.family,
        "capability": catalog.capability,
    }[plugin.group]
    try:
        load(plugin.name)
    except BrokenPlugin as error:
        return str(error)
    return ""


def _shadowed(catalog: EntryPointCatalog) -> Iterator[InstalledPlugin]:
    """Yield the plugins whose name another one has."""
    for group in OURS:
        used = {(one.name, one.target): one for one in catalog.plugins(group)}
        winners = {one.name: one for one in used.values()}
        for plugin in others(group):
            if (plugin.name, plugin.target) not in used:
                winner = winners[plugin.name]
                source = f"{winner.package} {winner.version}".strip() or winner.target
                yield _described(plugin, f"Not used: {source} has a {group} of this name.")


def _kinds() -> Iterator[InstalledPlugin]:
    used = dict(kinds().named)
    for plugin in others("kind"):
        try:
            kind = plugin.load(Kind)
        except BrokenPlugin as error:
            yield _described(plugin, str(error))
            continue
        if used.get(kind.name) is kind:
            del used[kind.name]
            yield _described(plugin)
        else:
            yield _described(plugin, f"Not used: {str(kind.name)[:40]!r} is another kind's name.")
    for name, kind in sorted(used.items()):
        yield _described(Plugin("kind", name, type(kind).__module__))
