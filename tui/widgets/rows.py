"""A list that is as fast with a million rows as with ten: only visible rows are held and drawn."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from tui.actions import bindings
from tui.jumps import Jump
from tui.states import TONES
from tui.widgets.columns import ListColumn, fit, fit_runs
from tui.widgets.list_state import ListState, RowT
from tui.widgets.selecting import selected_text, with_selection
from tui.widgets.sized_columns import SizedColumns


class Rows(SizedColumns[RowT], can_focus=True):
    """A virtual list with a heading, a cursor and marks.

    It holds a window of rows around the visible ones. When it is moved out of that window it posts
    `Wanted`, and draws missing rows as empty lines.

    Args:
        columns: Its columns.
        empty: Text shown if there are no rows.
        id: Its id in style sheets.
    """

    BINDINGS = bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--heading",
        "rows--cursor",
        "rows--cursor-away",
        "rows--muted",
        "rows--strong",
        "rows--outdated",
        "rows--mark",
        *(f"rows--{tone}" for tone in TONES),
    }

    class Wanted(Message):
        """Rows are needed."""

        def __init__(self, start: int, count: int) -> None:
            super().__init__()
            self.start = start
            self.count = count

        def can_replace(self, message: Message) -> bool:
            """Replace older requests."""
            return isinstance(message, Rows.Wanted)

    class Moved(Message):
        """The cursor has moved to another row."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

        def can_replace(self, message: Message) -> bool:
            """Replace older positions."""
            return isinstance(message, Rows.Moved)

    class Chosen(Message):
        """The row under the cursor was clicked again."""

    def __init__(
        self,
        columns: Sequence[ListColumn[RowT]],
        *,
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(columns, id=id)
        self.state = ListState(empty)
        self.state.watch(self.follow)
        self._asked = (-1, -1)
        self._styles: dict[str, Style] = {}
        self._drawn: dict[int, tuple[object, Strip]] = {}

    # -- rows ---------------------------------------------------------------------------------

    def set_rows(self, total: int, start: int, rows: Sequence[RowT]) -> None:
        """Take rows that were read: `rows` from index `start` on, of `total` in all."""
        here, before = self.current, self.total
        self.state.set_window(total, start, rows)
        if total != before:
            self.virtual_size = Size(0, total + 1)
            self._refresh_scrollbars()
        self._follow(here)
        self._refresh_changed()
        self.state.tell(self.follow)

    def follow(self) -> None:
        """Show changes of cursor and marks by another widget."""
        if self.display:
            self._refresh_changed()
            self._keep_in_sight()

    def forget(self) -> None:
        """Go to the top, because another list follows."""
        self.state.forget()
        self._asked = (-1, -1)
        self.scroll_to(y=0, animate=False)
        self.refresh()
        self.state.tell(self.follow)

    def set_empty(self, text: str) -> None:
        """Show another text if there are no rows."""
        self._set_texts(text, self.state.notice)

    def set_notice(self, text: str) -> None:
        """Show why nothing can be seen, in place of the text of an empty list."""
        self._set_texts(self.state.empty, text)

    def _set_texts(self, empty: str, notice: str) -> None:
        before = self.state.text
        self.state.empty, self.state.notice = empty, notice
        if self.state.text != before and not self.total:
            self.refresh()
            self.state.tell(self.follow)

    def set_columns(self, columns: Sequence[ListColumn[RowT]]) -> None:
        """Show other columns from now on."""
        self._columns = tuple(columns)
        self._lay_out()

    def _follow(self, before: RowT | None) -> None:
        """Keep the cursor on its row, if that is still visible."""
        self.state.cursor = max(0, min(self.cursor, self.total - 1))
        now = self.current
        if before is None or now is None or now.id == before.id:
            return
        found = self.state.index_of(before.id)
        if found is not None:
            self._go(found)
        else:
            self.post_message(self.Moved(self.cursor))

    def cells_of(self, row: RowT) -> list[tuple[ListColumn[RowT], int]]:
        """Return the columns of a row with their widths: those of the heading by default."""
        return self._fitted

    @property
    def lines(self) -> int:
        """Number of visible rows."""
        return max(1, self.scrollable_content_region.height - 1)

    def want(self) -> None:
        """Request the visible rows, with a page before and after them."""
        lines = self.lines
        wanted = (max(0, int(self.scroll_y) - lines), 3 * lines)
        if wanted != self._asked:
            self._asked = wanted
            self.post_message(self.Wanted(*wanted))

    # -- moving -------------------------------------------------------------------------------

    def _go(self, index: int) -> None:
        index = max(0, min(index, self.total - 1))
        if index != self.cursor:
            before, self.state.cursor = self.cursor, index
            self.refresh_line(before + 1)
            self.refresh_line(index + 1)
            self.post_message(self.Moved(index))
            self.state.tell(self.follow)
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        top, lines = int(self.scroll_y), self.lines
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + lines:
            self.scroll_to(y=self.cursor - lines + 1, animate=False)

    def go(self, index: int) -> None:
        """Move the cursor to an index."""
        self._go(index)

    def action_cursor_down(self) -> None:
        """Move down one row."""
        self._go(self.cursor + 1)

    def action_cursor_up(self) -> None:
        """Move up one row."""
        self._go(self.cursor - 1)

    def action_page_down(self) -> None:
        """Move down one page."""
        self._go(self.cursor + self.lines)

    def action_page_up(self) -> None:
        """Move up one page."""
        self._go(self.cursor - self.lines)

    def action_first(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the last row."""
        self._go(self.total - 1)

    def jumps(self) -> Iterator[Jump]:
        """Yield the visible rows."""
        top = int(self.scroll_y)
        for index in range(top, min(self.total, top + self.lines)):
            yield Jump(0, index - top + 1, partial(self._jump, index))
        if not self.total and self.focusable:
            yield Jump(0, 0, self.focus)

    def _jump(self, index: int) -> None:
        self.focus()
        self._go(index)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; a click on the cursor opens it."""
        if event.y < 1:
            self._press_head(event.x)
            return
        index = event.y - 1 + int(self.scroll_y)
        if index >= self.total:
            return
        if index == self.cursor and event.chain > 1:
            self.post_message(self.Chosen())
        self._go(index)

    def _lay_out(self) -> None:
        self._drawn.clear()
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Request the rows that have scrolled into view."""
        super().watch_scroll_y(old_value, new_value)
        self.want()

    def on_resize(self) -> None:
        """Lay everything out again."""
        self._drawn.clear()
        self._keep_in_sight()
        self.want()

    # -- drawing ------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget drawings in other colours."""
        super().notify_style_update()
        self._styles.clear()
        self._drawn.clear()

    def on_focus(self) -> None:
        """Redraw the cursor in its focused style."""
        self.refresh_line(self.cursor + 1)

    def on_blur(self) -> None:
        """Redraw the cursor in its unfocused style."""
        self.refresh_line(self.cursor + 1)

    def _refresh_changed(self) -> None:
        """Draw only the lines whose row has changed."""
        top, frame = int(self.scroll_y), self._frame()
        for y in range(1, self.lines + 1):
            index = top + y - 1
            drawn = self._drawn.get(y)
            if drawn is None or drawn[0] != self._what(index, frame):
                self.refresh_line(top + y)

    def _frame(self) -> tuple[object, ...]:
        """Return that on which the drawings of all rows depend."""
        return (self.has_focus, self.size, self._width)

    def _what(self, index: int, frame: tuple[object, ...]) -> tuple[object, ...]:
        """Return all that the drawing of a row depends on."""
        row = self.row(index)
        marked = row is not None and row.id in self.marks
        there = self.state.text if not self.total else index < self.total
        return (row, index == self.cursor, marked, there, frame)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, of the rows that are held."""
        return selected_text(selection, self._text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the selection."""
        self.refresh()

    def _text(self, line: int) -> str | None:
        if line == 0:
            return self._heading().text
        return self._line(line - 1).text if line <= self.total else None

    def render_line(self, y: int) -> Strip:
        """Return one line: the heading, or a row."""
        at = int(self.scroll_y) + y if y else 0
        selection = self.text_selection
        style = self.screen.get_component_rich_style("screen--selection") if selection else None
        return with_selection(self._drawn_line(y), selection, at, style or Style.null())

    def _drawn_line(self, y: int) -> Strip:
        if y == 0:
            return self._heading()
        index = int(self.scroll_y) + y - 1
        what = self._what(index, self._frame())
        drawn = self._drawn.get(y)
        if drawn is None or drawn[0] != what:
            drawn = self._drawn[y] = (what, self._line(index))
        return drawn[1]

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            component = f"rows--{name}"
            known = component in self.COMPONENT_CLASSES
            self._styles[name] = (
                self.get_component_rich_style(component, partial=True) if known else Style.null()
            )
        return self._styles[name]

    def _heading(self) -> Strip:
        base = self.rich_style + self._style("heading")
        text = "  "
        for column, width in self._fitted:
            is_picked = column.title and column.title == self._sizes.picked
            title = f"‹{column.title}›" if is_picked else column.title
            text += (fit(title.rjust(width), width) if column.right else fit(title, width)) + " "
        if self.marks:
            said = f"  ● {len(self.marks)} marked "
            text = set_cell_size(text, max(0, self._width - len(said))) + said
        line = Strip([Segment(set_cell_size(text, self._width), base)])
        return line.adjust_cell_length(self.size.width, base)

    def _line(self, index: int) -> Strip:
        width, base = self._width, self.rich_style
        row = self.row(index)
        if row is None:
            text = fit("" if self.total else self.state.text_line(index, width), width)
            return Strip([Segment(text, base + self._style("muted"))], width)
        here = index == self.cursor
        if here:
            base += self._style("cursor" if self.has_focus else "cursor-away")
        mark = "●" if row.id in self.marks else " "
        # with 16 colours, or none, a mark or a state may have the cursor's colour
        same = here and (self.app.no_color or self.app.console.color_system == "standard")
        marked = base if same else base + self._style("mark")
        segments = [Segment("▌" if here else " ", marked), Segment(mark, marked)]
        for column, cells in self.cells_of(row):
            for text, tone in fit_runs(column.cell(row), cells, right=column.right):
                plain = not tone or same or (here and tone == "muted")  # it would not be readable
                segments.append(Segment(text, base if plain else base + self._style(tone)))
            segments.append(Segment(" ", base))
        return Strip(segments).adjust_cell_length(self.size.width, base)
