"""A list whose columns are dragged by their headings, or widened by keys."""

from abc import abstractmethod
from collections.abc import Sequence

from textual import events
from textual.message import Message

from tui.ui_state import UiState
from tui.widgets.column_widths import MARGIN, ColumnWidths
from tui.widgets.columns import ListColumn
from tui.widgets.list_state import RowT
from tui.widgets.list_widget import ListWidget


class SizedColumns(ListWidget[RowT]):
    """A list with columns, whose widths are remembered.

    Args:
        columns: Its columns.
        id: Its id in style sheets, and its name in the remembered state.
    """

    class HeadPressed(Message):
        """The heading of a column was clicked."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    def __init__(self, columns: Sequence[ListColumn[RowT]], *, id: str | None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._sizes = ColumnWidths[RowT](id or "")

    @abstractmethod
    def _lay_out(self) -> None:
        """Draw everything in the present widths."""

    @property
    def _fitted(self) -> list[tuple[ListColumn[RowT], int]]:
        return self._sizes.fitted(self._columns, self._width - MARGIN)

    @property
    def _width(self) -> int:
        """Cells beside the scrollbar."""
        return self.scrollable_content_region.width

    def on_mount(self) -> None:
        """Take the widths that columns were given before."""
        remembered = getattr(self.app, "remembered", None)
        if isinstance(remembered, UiState):
            self._sizes.chosen = remembered.widths

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Hold the edge of a column's heading."""
        edge = self._sizes.edge_at(self._fitted, event.x) if event.y < 1 else ""
        if edge:
            self._sizes.held = edge
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the edge that is held."""
        if self._sizes.held:
            begin = self._sizes.begin_of(self._fitted, self._sizes.held)
            self._sizes.resize(self._columns, self._width - MARGIN, event.x - begin)
            self._lay_out()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Release the edge."""
        if self._sizes.held:
            self._sizes.held = ""
            self.release_mouse()
            event.stop()

    def action_next_column(self) -> None:
        """Pick the next column, to be given another width."""
        self._sizes.pick(self._fitted, +1)
        self.refresh_line(int(self.scroll_y))

    def action_previous_column(self) -> None:
        """Pick the previous column."""
        self._sizes.pick(self._fitted, -1)
        self.refresh_line(int(self.scroll_y))

    def action_wider_column(self) -> None:
        """Widen the picked column."""
        self._change_column(+2)

    def action_narrower_column(self) -> None:
        """Narrow the picked column."""
        self._change_column(-2)

    def action_reset_columns(self) -> None:
        """Give all columns their widths by default."""
        self._sizes.forget()
        self._lay_out()

    def _change_column(self, by: int) -> None:
        self._sizes.change(self._columns, self._width - MARGIN, by)
        self._lay_out()

    def _press_head(self, x: int) -> None:
        if self._sizes.edge_at(self._fitted, x):
            return
        begin = MARGIN
        for column, width in self._fitted:
            if begin <= x <= begin + width:
                self.post_message(self.HeadPressed(column.title))
                return
            begin += width + 1
