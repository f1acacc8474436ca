"""Documents of backends, with the requirements that are missing."""

import contextlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from engine.client.documents.loaded import each_loaded
from engine.client.documents.machines import AskedMachines
from engine.config.environment import Environment
from engine.config.settings import load_environment, read_settings
from engine.config.trust.guard import UntrustedDestination
from engine.contract import Backend, BackendFamily, MissingRequirement
from engine.plugins.catalog import EntryPointCatalog


def read_backends(root: Path, catalog: EntryPointCatalog) -> list[dict[str, Any]]:
    """Return every backend with its missing requirements, as `backends --json` prints it.

    Args:
        root: The workspace whose settings and keys are used; it need not exist.
        catalog: The backends that are installed.
    """
    settings = read_settings(root)
    environment = load_environment(root, settings.given)
    asked = AskedMachines(root, settings.hosts, environment)

    def describe(family: BackendFamily) -> dict[str, Any]:
        options = settings.backends.get(family.name, {})
        capabilities = [
            _capability(catalog, family, name, options, environment, asked)
            for name in family.factories
        ]
        return {"name": family.name, "summary": family.summary, "capabilities": capabilities}

    with contextlib.suppress(Exception):  # only the search is wanted; what fails is told below
        next(catalog.all_families(), None)
    return list(each_loaded(catalog.families, catalog.family, describe, _broken_family))


def read_backend(
    root: Path, name: str, capability: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one backend with the given settings, as `backends --json` prints it.

    Args:
        root: The workspace whose keys are used.
        name: The backend's name.
        capability: Capability that it is asked for.
        settings: Its settings, for example those of a batch.

    Raises:
        UnknownName: There is no such backend.
    """
    catalog, of_workspace = EntryPointCatalog(), read_settings(root)
    environment = load_environment(root)
    asked = AskedMachines(root, of_workspace.hosts, environment)
    return _capability(catalog, catalog.family(name), capability, settings, environment, asked)


def _broken_family(name: str, error: str) -> dict[str, Any]:
    return {"name": name, "summary": f"cannot be loaded: {error}", "capabilities": []}


def _capability(
    catalog: EntryPointCatalog,
    family: BackendFamily,
    capability: str,
    settings: Mapping[str, Any],
    environment: Environment,
    asked: AskedMachines,
) -> dict[str, Any]:
    try:
        backend = catalog.backend(capability, family.name, settings, environment)
        info = backend.info
        missing = [_shown(item) for item in lacking(backend, asked)]
    except UntrustedDestination as error:
        what = f"your agreement that {' and '.join(error.key_names)} may go to {error.where}"
        missing = [_shown(MissingRequirement(what=what, remedy=error.remedy, reason="key"))]
        return _made(capability, None, None, paid=False, missing=missing)
    except Exception as error:  # noqa: BLE001 - a backend that cannot be created is not ready
        what = f"something that works: {type(error).__name__}: {error}"
        remedy = f"Fix [backends.{family.name}] in safelight.toml, or install it again."
        missing = [_shown(MissingRequirement(what=what, remedy=remedy, reason="backend"))]
        return _made(capability, None, None, paid=False, missing=missing)
    entry = _made(capability, info.model, info.version, paid=info.paid, missing=missing)
    details, machine = backend.details(), asked.provider(backend)
    extra: dict[str, Any] = {"details": details} if details else {}
    extra |= {"machine": machine} if machine else {}
    return entry | {"client": _installed(info.client)} | extra


def lacking(backend: Backend, asked: AskedMachines) -> list[MissingRequirement]:
    """Return what a backend lacks: other settings, requirements, or its server on this machine.

    Args:
        backend: The backend.
        asked: Other machines, which may have what its models need.
    """
    return _refused(backend) or asked.lacking(backend) or _unreachable(backend)


def _shown(item: MissingRequirement) -> dict[str, Any]:
    return item.model_dump(exclude={"elsewhere"})


def _installed(package: str | None) -> str | None:
    """Return a package with its version; None if it is not installed."""
    with contextlib.suppress(PackageNotFoundError):
        return f"{package} {version_of(package)}" if package else None
    return None


def _refused(backend: Backend) -> list[MissingRequirement]:
    """Return the reason why a backend refuses its settings, as a list of at most one."""
    reason = backend.refusal()
    return (
        [MissingRequirement(what="other settings", remedy=reason, reason="backend")]
        if reason
        else []
    )


def _unreachable(backend: Backend) -> list[MissingRequirement]:
    """Return the local server of a backend that does not respond, as a list of at most one."""
    requirement = backend.unreachable()
    return [] if requirement is None else [requirement]


def _made(
    capability: str, model: str | None, version: str | None, *, paid: bool, missing: list[Any]
) -> dict[str, Any]:
    return {
        "capability": capability,
        "ready": not missing,
        "model": model,
        "version": version,
        "paid": paid,
        "missing": missing,
        "client": None,
    }
