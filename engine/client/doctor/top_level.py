"""Installed packages that provide top-level names."""

import logging
from collections.abc import Collection
from importlib.metadata import Distribution, distributions

log = logging.getLogger(__name__)


def providers(names: Collection[str]) -> dict[str, set[str]]:
    """Return the distributions of this environment that provide some top-level names.

    `importlib.metadata.packages_distributions` reads the same files, but creates an object for
    each of the hundred thousand files of a large environment.

    Args:
        names: Names of modules or packages, without a dot.

    Returns:
        Names of distributions by top-level name, without names that nobody provides. A
        distribution whose metadata cannot be read is left out.
    """
    by_capability: dict[str, set[str]] = {}
    for distribution in distributions():
        try:
            provided = _provided(distribution, names)
            owner = distribution.metadata["Name"] if provided else ""
        except Exception:  # damaged metadata of another package
            log.debug("The metadata of a package cannot be read", exc_info=True)
            continue
        for name in provided:
            by_capability.setdefault(name, set()).add(owner)
    return by_capability


def _provided(distribution: Distribution, names: Collection[str]) -> set[str]:
    """Return those of some top-level names that it provides."""
    if stated := distribution.read_text("top_level.txt"):
        return set(names) & set(stated.split())
    files = "\n" + (distribution.read_text("RECORD") or "")
    return {name for name in names if f"\n{name}/" in files or f"\n{name}.py," in files}
