"""Documents of plugins, each loaded on its own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


def each_loaded(
    names: Mapping[str, str],
    load: Callable[[str], T],
    describe: Callable[[T], dict[str, Any]],
    broken: Callable[[str, str], dict[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Yield the document of each plugin by name, and of one that cannot be loaded its error."""
    for name in sorted(names):
        try:
            yield describe(load(name))
        except Exception as error:  # noqa: BLE001 - one broken package must not hide the others
            yield broken(name, f"{type(error).__name__}: {error}")
