"""Capabilities: what backends can do and recipes can use, as objects found by entry point.

Safelight's own are `IMAGE`, `TEXT`, `VISION`, `SCORE`, `AUDIO`, `VIDEO` and `EMBEDDING`, each in
the contract's module of its name. A package adds one with an entry point of the group
`safelight.capabilities`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

ProxyT = TypeVar("ProxyT")


@dataclass(frozen=True, slots=True)
class Capability(Generic[ProxyT]):
    """Something that a backend can do for a recipe.

    Attributes:
        name: Name in settings and in families of backends, for example `image`.
        summary: One line for `safelight plugins`.
        protocol: Protocol of its backends, checked with `isinstance`: `runtime_checkable`.
        proxy: Creates from a backend what recipes use to describe its calls.
    """

    name: str
    summary: str
    protocol: Any
    proxy: Callable[[Any], ProxyT]

    def is_done_by(self, backend: object) -> bool:
        """Return True if a backend has every operation of the capability."""
        return isinstance(backend, self.protocol)
