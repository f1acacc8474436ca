"""Weights of local models: those that the backends of a workspace require, and fetching them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from engine.client.recipes import installed_catalog
from engine.config.settings import load_environment, read_settings
from engine.config.trust.guard import UntrustedDestination
from engine.models.weights import (
    BackendWithWeights,
    PullError,
    RequiredWeights,
    find,
    holds_weights,
    parse_source,
    pull,
    size,
)
from engine.text.errors import UserError
from engine.text.terminal import quoted


class PulledWeights(NamedTuple):
    """Weights after they were fetched.

    Attributes:
        name: Their name.
        source: Their source.
        path: Their folder or file; None if they could not be fetched.
        size: Their size in bytes.
        is_whole: True if they hold weights, or are known to need none.
        error: The reason why they could not be fetched, as a sentence; empty if they were.
    """

    name: str
    source: str
    path: Path | None = None
    size: int = 0
    is_whole: bool = False
    error: str = ""


def read_weights(root: Path, *, look: bool = True) -> list[dict[str, Any]]:
    """Return the weights that backends require, as `models list --json` prints them.

    Args:
        root: The workspace, whose settings are used.
        look: False to leave out where they are, for a machine without the hub's client.
    """
    return [_document(wanted, backend, look=look) for wanted, backend in _uses(root)]


def pull_weights(root: Path, names: Sequence[str]) -> Iterator[PulledWeights]:
    """Fetch weights by their names with their parts, or models of the hub by their ids.

    Yields:
        Each once it is there, or has failed.

    Raises:
        UserError: A name is neither; nothing was fetched.
    """
    required = [wanted for wanted, _ in _uses(root)]
    known = {wanted.name for wanted in required}
    for wanted in [one for name in names for one in _named(required, name)]:
        try:
            path = pull(wanted)
        except PullError as error:
            yield PulledWeights(wanted.name, wanted.source, error=str(error))
            continue
        is_whole = wanted.name in known or holds_weights(path)
        yield PulledWeights(wanted.name, wanted.source, path, size(path), is_whole)


def path_of_weights(root: Path, name: str) -> Path | None:
    """Return where weights are on this machine; None if they are not.

    Raises:
        UserError: No backend requires them, and it is no id of a model.
    """
    return find(_named([wanted for wanted, _ in _uses(root)], name)[0])


def _uses(root: Path) -> Iterator[tuple[RequiredWeights, str]]:
    """Yield the weights that backends require with a workspace's settings, each once."""
    catalog = installed_catalog()
    settings = read_settings(root)
    environment = load_environment(root, settings.given)
    seen: set[tuple[str, str]] = set()
    for family in catalog.all_families():
        options = settings.backends.get(family.name, {})
        for capability in family.factories:
            try:
                backend: Any = catalog.backend(capability, family.name, options, environment)
            except UntrustedDestination:
                continue  # its weights are on a server
            if not isinstance(backend, BackendWithWeights):
                continue
            for wanted in backend.weights():
                if (wanted.name, wanted.source) not in seen:
                    seen.add((wanted.name, wanted.source))
                    yield wanted, family.name


def _named(required: Sequence[RequiredWeights], name: str) -> list[RequiredWeights]:
    """Return the weights of a name with their parts, or a model of the hub by its id."""
    chosen = [item for item in required if item.name == name or item.name.startswith(f"{name}.")]
    if chosen:
        return chosen
    try:
        source = parse_source(name)
    except ValueError:
        source = None
    if source is None or source.repo is None:
        names = ", ".join(sorted({item.name for item in required}))
        raise UserError(
            f"No backend wants {quoted(name)}; they want: {names}. Or give a model's id."
        )
    short = source.repo.rpartition("/")[2][:60]
    return [
        RequiredWeights(name=short, source=str(source), needs=("config.json",), has_weights=False)
    ]


def _document(wanted: RequiredWeights, backend: str, *, look: bool) -> dict[str, Any]:
    path = find(wanted) if look else None
    return {
        "name": wanted.name,
        "backend": backend,
        "source": wanted.source,
        "path": None if path is None else str(path),
        "size": 0 if path is None else size(path),
    }
