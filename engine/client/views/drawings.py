"""Drawings of files and results by their kinds, for an area of cells; slow ones in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from db.queries.faces import FileLine
from engine.client.views.files import MAX_ROWS, stored_of
from engine.client.views.stored import stored_file
from engine.config.paths import WorkspacePaths

if TYPE_CHECKING:
    from engine.client.views.candidates import Candidate
    from engine.contract.kinds import Drawing, Item, Lines


def draw_file(
    file: FileLine, path: Path, paths: WorkspacePaths, size: tuple[int, int], *, small: bool = False
) -> "Drawing":
    """Return the drawing of a stored file.

    Args:
        file: Its row.
        path: Where it is, or would be.
        paths: The workspace, to fetch it from an object store.
        size: Columns and rows of the area.
        small: True to draw it for a small area.
    """
    from engine.contract.kinds import Size
    from engine.kinds.drawing import draw_full, draw_small

    draw = draw_small if small else draw_full
    return draw(stored_of(file, path, paths).item, Size(*size))


def result_lines(item: "Item", columns: int) -> "Lines | None":
    """Return a result of a step as lines; None if its kind draws it in another way."""
    from engine.contract.kinds import Lines, Size
    from engine.kinds.drawing import draw_full

    drawn = draw_full(item, Size(columns, MAX_ROWS))
    return drawn if isinstance(drawn, Lines) else None


@dataclass(frozen=True)
class DrawBeside:
    """Things to be drawn together.

    Attributes:
        paths: Paths of the workspace.
        candidates: The things.
        size: Columns and rows of each.
    """

    paths: WorkspacePaths
    candidates: "Sequence[Candidate]"
    size: tuple[int, int]

    def draw(self) -> "list[Drawing | None]":
        """Return the drawing of each; None for one without a file and a result."""
        from engine.contract.kinds import Size
        from engine.kinds.drawing import draw_beside

        items = [self._item(candidate) for candidate in self.candidates]
        present = [item for item in items if item is not None]
        columns, rows = self.size
        if all(item.open is None for item in present):
            # Results are read, beside a scroll bar if they are long; files fill the area.
            columns, rows = max(1, columns - 1), max(rows, MAX_ROWS)
        drawn = iter(draw_beside(present, Size(columns, rows)) if present else [])
        return [None if item is None else next(drawn) for item in items]

    def _item(self, candidate: "Candidate") -> "Item | None":
        path = stored_file(self.paths, candidate.file.hash) if candidate.file else None
        if candidate.file is not None and path is not None:
            return stored_of(candidate.file, path, self.paths).item
        return candidate.item
