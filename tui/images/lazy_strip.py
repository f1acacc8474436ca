"""Strips that hold what the terminal gets, and create segments only where these are needed.

Each cell of an image has colours of its own. As segments it is six objects, which cost more to
create, and to look through by the garbage collector, than to draw; a sheet needs none of them.
"""

from collections.abc import Callable, Iterable, Sequence

from rich.segment import Segment
from textual.strip import Strip


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
        self._create = create
        self._created: list[Segment] | None = None
        super().__init__((), cell_length)
        self._created = None
        self._render_cache = codes

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
