"""Drawing of several things together by their kind, in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.client.views.candidates import Candidate
from engine.client.views.files import MAX_ROWS, stored_of
from engine.client.views.stored import stored_file
from engine.config.paths import WorkspacePaths

if TYPE_CHECKING:
    from engine.contract.kinds import Drawing, Item


@dataclass(frozen=True)
class DrawBeside:
    """Things to be drawn together.

    Attributes:
        paths: Paths of the workspace.
        candidates: The things.
        size: Columns and rows of each.
    """

    paths: WorkspacePaths
    candidates: Sequence[Candidate]
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

    def _item(self, candidate: Candidate) -> "Item | None":
        path = stored_file(self.paths, candidate.file.hash) if candidate.file else None
        if candidate.file is not None and path is not None:
            return stored_of(candidate.file, path, self.paths).item
        return candidate.item
