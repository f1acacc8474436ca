"""The cursor of a contact sheet: moved by keys, clicks and jumps through a grid of cells."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import Generic

from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView

from tui.jumps import Jump
from tui.widgets.list_state import ListState, RowT
from tui.widgets.rows import Rows
from tui.widgets.sheet_grid import STEPS, Grid


class SheetCursor(ScrollView, Generic[RowT]):
    """A grid over the state of a list in which a cursor moves.

    Attributes:
        state: The list's rows, cursor and marks.
    """

    state: ListState[RowT]
    _chosen = 0

    class Resized(Message):
        """The operator has chosen another number of columns; 0 for the usual one."""

        def __init__(self, columns: int) -> None:
            super().__init__()
            self.columns = columns

    @property
    @abstractmethod
    def _grid(self) -> Grid:
        """The grid at the present size."""

    @property
    @abstractmethod
    def visible_range(self) -> tuple[int, int]:
        """Index of the first visible cell, and number of visible cells."""

    @abstractmethod
    def follow(self) -> None:
        """Show changes by another widget or in the store."""

    @abstractmethod
    def _lay_out(self) -> None:
        """Lay everything out again."""

    @abstractmethod
    def _refresh_changed(self) -> None:
        """Draw only lines of cells in which something has changed."""

    @property
    def columns(self) -> int:
        """Number of cells in a line."""
        return self._grid.columns

    def _go(self, index: int) -> None:
        index = max(0, min(index, self.state.total - 1))
        if index != self.state.cursor:
            self.state.cursor = index
            self.post_message(Rows.Moved(index))
            self.state.tell(self.follow)
        self._keep_in_sight()
        self._refresh_changed()

    def _keep_in_sight(self) -> None:
        grid, top = self._grid, int(self.scroll_y)
        line, step = self.state.cursor // grid.columns, grid.step
        if line * step < top:
            self.scroll_to(y=line * step, animate=False)
        elif (line + 1) * step > top + grid.height:
            over = (line + 1 - grid.lines) * step
            self.scroll_to(y=max(0, over), animate=False)

    def action_cursor_left(self) -> None:
        """Move left."""
        self._go(self.state.cursor - 1)

    def action_cursor_right(self) -> None:
        """Move right."""
        self._go(self.state.cursor + 1)

    def action_cursor_down(self) -> None:
        """Move down one line of cells."""
        if self.state.cursor // self.columns < (self.state.total - 1) // self.columns:
            self._go(self.state.cursor + self.columns)

    def action_cursor_up(self) -> None:
        """Move up one line of cells."""
        if self.state.cursor >= self.columns:
            self._go(self.state.cursor - self.columns)

    def action_page_down(self) -> None:
        """Move down one page."""
        self._go(self.state.cursor + self._grid.lines * self.columns)

    def action_page_up(self) -> None:
        """Move up one page."""
        self._go(self.state.cursor - self._grid.lines * self.columns)

    def action_first(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._go(self.state.total - 1)

    def action_larger(self) -> None:
        """Show fewer and larger images."""
        fewer = [step for step in STEPS if step < self.columns]
        if fewer:
            self._choose(max(fewer))
        else:
            self.notify("The images are as large as they get here; z shows one full screen.")

    def action_smaller(self) -> None:
        """Show more and smaller images."""
        more = [step for step in STEPS if step > self.columns]
        if more:
            self._choose(min(more))
        else:
            self.notify(f"At most {STEPS[-1]} images are side by side.")

    def _choose(self, columns: int) -> None:
        self._chosen = columns
        self.post_message(self.Resized(columns))
        self._lay_out()

    def jumps(self) -> Iterator[Jump]:
        """Yield the visible cells."""
        grid, top = self._grid, int(self.scroll_y)
        first, count = self.visible_range
        for index in range(first, min(self.state.total, first + count)):
            line, column = divmod(index, grid.columns)
            yield Jump(grid.widths(column)[0], line * grid.step - top, partial(self._jump, index))

    def _jump(self, index: int) -> None:
        self.focus()
        self._go(index)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell; a second click opens it."""
        grid = self._grid
        line, last = (event.y + int(self.scroll_y)) // grid.step, grid.columns - 1
        column = next((c for c in range(last) if event.x < sum(grid.widths(c))), last)
        index = line * grid.columns + column
        if index >= self.state.total:
            return
        if index == self.state.cursor and event.chain > 1:
            self.post_message(Rows.Chosen())
        self._go(index)
