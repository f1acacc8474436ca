"""Widths of a list's columns, as an operator has dragged them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Generic

from tui.widgets.columns import ListColumn, RowT, layout

LEAST, MOST = 3, 200
"""Cells of a column, at least and at most."""

MARGIN = 2
"""Cells before the first column."""

Fitted = list[tuple[ListColumn[RowT], int]]


@dataclass
class ColumnWidths(Generic[RowT]):
    """Widths that were chosen for the columns of a list; a chosen width does not grow.

    Attributes:
        name: The list, as widths are remembered by.
        chosen: The widths by list and title, in cells; shared with the remembered state.
        picked: Title of the column that keys are about; empty for none.
        held: Title of the column whose right edge is dragged; empty for none.
    """

    name: str
    chosen: dict[str, int] = field(default_factory=dict)
    picked: str = ""
    held: str = ""

    def fitted(self, columns: Sequence[ListColumn[RowT]], width: int) -> Fitted[RowT]:
        """Return the columns that fit into a width, with their widths.

        Chosen widths that no longer fit, as in a narrower terminal, are those by default.
        """
        own = [self._own(column) for column in columns]
        needed = sum(one.width + 1 for one in own if one.needs <= width) - 1
        return layout(own if needed <= width else columns, width)

    def _own(self, column: ListColumn[RowT]) -> ListColumn[RowT]:
        cells = self.chosen.get(self._key(column.title))
        if cells is None or not column.title:
            return column
        return replace(column, width=max(LEAST, min(MOST, cells)), grow=0)

    def _key(self, title: str) -> str:
        return f"column:{self.name}:{title}"

    def edge_at(self, fitted: Fitted[RowT], x: int) -> str:
        """Return the title of the column whose right edge is at a cell; empty for none."""
        end = MARGIN
        for column, cells in fitted:
            end += cells + 1
            if x == end - 1:
                return column.title
        return ""

    def begin_of(self, fitted: Fitted[RowT], title: str) -> int:
        """Return the first cell of a column."""
        begin = MARGIN
        for column, cells in fitted:
            if column.title == title:
                break
            begin += cells + 1
        return begin

    def resize(self, columns: Sequence[ListColumn[RowT]], width: int, cells: int) -> None:
        """Give the column that is held or picked a width, as far as the others leave room."""
        title = self.held or self.picked
        shown = [self._own(column) for column in columns if column.needs <= width]
        others = sum(column.width + 1 for column in shown if column.title != title)
        if title:
            self.chosen[self._key(title)] = max(LEAST, min(MOST, width - others, cells))

    def change(self, columns: Sequence[ListColumn[RowT]], width: int, by: int) -> None:
        """Widen the picked column by some cells; the one that grows most if none is picked."""
        fitted = self.fitted(columns, width)
        self.pick(fitted, 0)
        now = next((cells for column, cells in fitted if column.title == self.picked), 0)
        self.resize(columns, width, now + by)

    def pick(self, fitted: Fitted[RowT], step: int) -> None:
        """Pick another column, some steps on; the one that grows most if none is picked yet."""
        titled = [column for column, _ in fitted if column.title]
        titles = [column.title for column in titled]
        if self.picked in titles:
            self.picked = titles[(titles.index(self.picked) + step) % len(titles)]
        elif titled:
            self.picked = max(titled, key=lambda column: column.grow).title

    def forget(self) -> None:
        """Give all columns of the list their widths by default."""
        for key in [key for key in self.chosen if key.startswith(self._key(""))]:
            del self.chosen[key]
        self.picked = ""
