"""Strips that hold what the terminal gets, and create segments only where these are needed.

Each cell of an image has colours of its own. As segments it is six objects, which cost more to
create, and to look through by the garbage collector, than to draw; a sheet needs none of them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich.segment import Segment
from textual.cache import FIFOCache
from textual.strip import Strip

CACHED = 4
"""Results that a strip keeps of each of its operations."""


class LazyStrip(Strip):
    """A strip whose sequences are known.

    Args:
        codes: What the terminal gets, as `render` returns it.
        cell_length: Its width in cells.
        create: Returns its segments; called at most once.
    """

    __slots__ = ("_create", "_created")

    def __init__(
        self, codes: str, cell_length: int, create: Callable[[], Iterable[Segment]]
    ) -> None:
        # Not the initialisation of a strip: its seven caches take longer to create than a row of
        # an image, and few are ever used; `__getattr__` creates those.
        self._create = create
        self._created: list[Segment] | None = None
        self._cell_length = cell_length
        self._render_cache: str | None = codes
        self._link_ids: set[str] | None = None
        self._cell_count: int | None = None

    def __getattr__(self, name: str) -> Any:
        """Create a cache of the strip when it is first used."""
        if not name.endswith("_cache"):
            raise AttributeError(name)
        cache: FIFOCache[Any, Any] = FIFOCache(CACHED)
        setattr(self, name, cache)
        return cache

    @property
    def _segments(self) -> list[Segment]:
        if self._created is None:
            self._created = list(self._create())
        return self._created

    @_segments.setter
    def _segments(self, segments: list[Segment]) -> None:
        self._created = segments


def joined(parts: Sequence[Strip], codes: Iterable[str]) -> LazyStrip:
    """Return strips as one.

    Args:
        parts: The strips, from left to right.
        codes: What the terminal gets of each.
    """
    width = sum(part.cell_length for part in parts)
    return LazyStrip("".join(codes), width, lambda: (s for part in parts for s in part))
