"""A widget over the state of a list: its rows, its cursor, its marks."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic

from textual.scroll_view import ScrollView

from tui.widgets.list_state import ListState, RowT


class ListWidget(ScrollView, Generic[RowT]):
    """A widget that shows the rows of a list and marks them.

    Attributes:
        state: Rows, cursor and marks.
    """

    state: ListState[RowT]

    @abstractmethod
    def follow(self) -> None:
        """Show changes of cursor and marks by another widget."""

    @abstractmethod
    def _go(self, index: int) -> None:
        """Move the cursor to an index."""

    @property
    def total(self) -> int:
        """Number of rows."""
        return self.state.total

    @property
    def cursor(self) -> int:
        """Index of the row under the cursor."""
        return self.state.cursor

    @property
    def marks(self) -> set[int]:
        """Ids of the marked rows."""
        return self.state.marks

    @property
    def last_mark(self) -> int:
        """Index of the row that was marked last."""
        return self.state.last_mark

    def row(self, index: int) -> RowT | None:
        """Return the row at an index, None if it is not held."""
        return self.state.row(index)

    @property
    def current(self) -> RowT | None:
        """Return the row under the cursor."""
        return self.row(self.cursor)

    def mark(self, ids: Sequence[int], *, on: bool = True) -> None:
        """Mark or unmark rows by id."""
        self.state.marks = self.marks | set(ids) if on else self.marks - set(ids)
        self.refresh()
        self.state.tell(self.follow)

    def unmark(self) -> None:
        """Unmark all rows."""
        self.mark(list(self.marks), on=False)

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and move down."""
        if self.state.toggle_mark():
            self.refresh()
            self._go(self.cursor + 1)
            self.state.tell(self.follow)
