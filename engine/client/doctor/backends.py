"""The doctor's checks of backends and of recipes' packages: ready, or what each lacks."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.queries.upkeep import open_recipes, open_snapshots
from engine.client.doctor.finding import Finding
from engine.client.documents.backends import read_backend, read_backends
from engine.client.workspace import Workspace
from engine.plugins.catalog import EntryPointCatalog
from engine.queueing.extras import missing_extra
from engine.runtime.job.load import in_order

Wanted = Mapping[tuple[str, str], list[dict[str, Any]]]
"""Settings of each backend and capability in the unfinished batches."""

_NOT_USED = "nothing that is queued uses it"
_READY = "is ready"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Readiness of a backend, for what is queued and for a new batch.

    Attributes:
        backend: Its name, and what generates.
        state: Its state, the rest of the sentence.
        ok: True if it lacks nothing.
        remedy: Remedy, empty if `ok`.
        optional: True if nothing that is queued lacks it.
    """

    backend: tuple[str, str]
    state: str
    ok: bool
    remedy: str
    optional: bool


def check_backends(workspace: Workspace) -> Iterator[Finding]:
    """List the backends; one that is not ready is a problem only if an unfinished batch needs it.

    A batch keeps the settings that it was queued with, so those are checked. What the present
    settings lack is a hint.
    """
    yield from list_backends(workspace.paths.root, _wanted_of_backends(workspace))


def list_backends(root: Path, wanted: Wanted) -> Iterator[Finding]:
    """List the backends with what each lacks, capabilities of the same readiness in one line.

    Args:
        root: The workspace whose settings and keys are used; it need not exist.
        wanted: Settings of those that are used.
    """
    for family in read_backends(root, EntryPointCatalog()):
        alike: dict[Readiness, list[str]] = {}
        for entry in family["capabilities"]:
            readiness = _readiness(root, family["name"], entry, wanted)
            alike.setdefault(readiness, []).append(entry["capability"])
        for one, capabilities in alike.items():
            name, by = one.backend
            line = f"{name} ({', '.join(capabilities)}){by and f' by {by}'} {one.state}"
            yield Finding("backend", one.ok, line, one.remedy, optional=one.optional)
        if not alike:
            line = f"{family['name']} {family['summary']}"
            remedy = "Upgrade, reinstall or remove its package."
            yield Finding("backend", False, line, remedy, optional=True)


def _readiness(root: Path, name: str, entry: Mapping[str, Any], wanted: Wanted) -> Readiness:
    backend, capability = (name, _by(entry)), entry["capability"]
    settings = wanted.get((name, capability))
    what, remedy = _missing_of_batches(root, name, capability, settings or ())
    if what:
        return Readiness(backend, f"needs {what}", ok=False, remedy=remedy, optional=False)
    what, remedy = _lacks(entry["missing"])
    state = _hint(what, is_used=settings is not None)
    return Readiness(backend, state, ok=not what, remedy=remedy, optional=True)


def _hint(what: str, *, is_used: bool) -> str:
    if not what:
        return _READY
    if is_used:
        return f"{_READY} for what is queued; a new batch with the settings here needs {what}"
    return f"needs {what}; {_NOT_USED}"


def _by(entry: Mapping[str, Any]) -> str:
    """Return what generates: the provider's package, or the machine that has the models."""
    machine = entry.get("machine", "")
    return f"the machine {machine}" if machine else entry["client"] or ""


def _missing_of_batches(
    root: Path, name: str, capability: str, wanted: Iterable[Mapping[str, Any]]
) -> tuple[str, str]:
    """Return what a backend lacks with the settings of batches, and the remedy.

    Equal settings are checked once. Both texts are empty if nothing is missing.
    """
    alike = {json.dumps(settings, sort_keys=True): settings for settings in wanted}
    return _lacks(
        item
        for settings in alike.values()
        for item in read_backend(root, name, capability, settings)["missing"]
    )


def _lacks(missing: Iterable[Mapping[str, str]]) -> tuple[str, str]:
    """Return all missing requirements and all remedies as two texts without repetition."""
    items = list(missing)
    whats = dict.fromkeys(item["what"] for item in items)
    return "; ".join(whats), " ".join(dict.fromkeys(item["remedy"] for item in items))


def _wanted_of_backends(workspace: Workspace) -> Wanted:
    wanted = defaultdict(list)
    with workspace.reading() as connection:
        for snapshot in open_snapshots(connection):
            for capability, first in json.loads(snapshot).get("backends", {}).items():
                for described in in_order(first):
                    wanted[described["name"], capability].append(described["settings"])
    return dict(wanted)


def check_recipes(workspace: Workspace) -> Iterator[Finding]:
    """List the recipes that need an extra; one that lacks it is a problem if a batch needs it."""
    with workspace.reading() as connection:
        wanted = set(open_recipes(connection))
    yield from list_recipes(wanted)


def list_recipes(wanted: set[str]) -> Iterator[Finding]:
    """List the recipes that need an extra.

    Args:
        wanted: Names of those that unfinished batches use.
    """
    for recipe in EntryPointCatalog().all_recipes():
        if not recipe.extra:
            continue
        lacks = next(iter(missing_extra(recipe)), None)
        if lacks is None:
            yield Finding("recipe", True, f"{recipe.name} {_READY}")
            continue
        is_used = recipe.name in wanted
        line = f"{recipe.name} needs {lacks.what}" + ("" if is_used else f"; {_NOT_USED}")
        yield Finding("recipe", False, line, lacks.remedy, optional=not is_used)
