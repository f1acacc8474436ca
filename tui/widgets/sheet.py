"""A contact sheet: the rows of a list as a grid of small images; only visible ones are decoded."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar

from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from engine.client.views.faces import Face
from engine.config.paths import WorkspacePaths
from tui.actions import bindings
from tui.bugs import ReportsBugs
from tui.states import TONES
from tui.widgets.drawing import tones
from tui.widgets.list_state import ListState, RowT
from tui.widgets.rendering import ImageKey, style_of
from tui.widgets.sheet_cursor import SheetCursor
from tui.widgets.sheet_decoder import SheetDecoder
from tui.widgets.sheet_grid import STEPS, Grid, grid_of
from tui.widgets.sheet_images import Look, SheetImages
from tui.widgets.sheet_painter import SheetCell, SheetPainter, common_start

ASPECT = 0.75
"""Height of an image by its width, until one is known."""


REST_SECONDS = 0.12
"""Time after the last move after which images are drawn in full, in seconds."""


class Sheet(ReportsBugs, SheetCursor[RowT], can_focus=True):
    """A grid over the state of a list.

    Args:
        state: The list's rows, cursor and marks.
        cell: Returns the words of a row.
        paths: Paths of the workspace.
        id: Its id in style sheets.
    """

    BINDINGS = bindings("sheet")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "sheet--cursor",
        "sheet--cursor-away",
        "sheet--frame",
        "sheet--ground",
        "sheet--muted",
        "sheet--mark",
        *(f"sheet--{tone}" for tone in TONES),
    }

    class Wanted(Message):
        """Rows and faces are needed.

        Attributes:
            start: Index of the first row, a page before the visible ones.
            count: Number of rows.
        """

        def __init__(self, start: int, count: int) -> None:
            super().__init__()
            self.start, self.count = start, count

        def can_replace(self, message: Message) -> bool:
            """Replace older requests."""
            return isinstance(message, Sheet.Wanted)

    def __init__(
        self,
        state: ListState[RowT],
        cell: Callable[[RowT], SheetCell],
        paths: WorkspacePaths,
        *,
        columns: int = 0,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.state = state
        self.state.watch(self.follow)
        self._cell = cell
        self._chosen = columns if columns in STEPS else 0
        self._faces: Mapping[int, Face] = {}
        self._aspect = 0.0
        self._asked = (-1, -1)
        self._painter = SheetPainter(self)
        self._drawn: dict[int, tuple[object, list[Strip]]] = {}
        self._images = SheetImages(paths, SheetDecoder(self, self.take_drawn))
        self._prefix = 0
        self._resting: Timer | None = None

    # -- content ------------------------------------------------------------------------------

    def set_faces(self, faces: Mapping[int, Face]) -> None:
        """Set the images of the visible rows, by the rows' ids."""
        self._faces = faces
        if not self._aspect:
            self._learn_aspect()
        self.follow()

    def forget(self) -> None:
        """Go to the top, because another list follows."""
        self._asked = (-1, -1)
        self._drawn.clear()
        self.scroll_to(y=0, animate=False)
        self.refresh()

    def _learn_aspect(self) -> None:
        """Take the shape of the first image as that of all, so that the grid stays as it is."""
        files = [face.file for face in self._faces.values() if face.file]
        known = [f.height / f.width for f in files if f.kind == "image" and f.width and f.height]
        if known:
            self._aspect = max(0.4, min(1.5, sorted(known)[len(known) // 2]))
            self._lay_out()
        elif files:
            self._aspect = 0.5  # waveforms, notation, text: wide
            self._lay_out()

    def follow(self) -> None:
        """Show changes by another widget or in the store."""
        if not self.display or not self.size:
            return
        self._fit_size()
        self._prefix = common_start([self._cell(row).key for row in self.state.window[:200]])
        self._keep_in_sight()
        self._refresh_changed()
        self.want()

    # -- geometry -----------------------------------------------------------------------------

    @property
    def _grid(self) -> Grid:
        room = self.scrollable_content_region.size
        aspect = self._aspect or ASPECT
        return grid_of(max(1, room.width), max(1, room.height), self._chosen, aspect)

    def _fit_size(self) -> None:
        grid = self._grid
        size = Size(0, -(-self.state.total // grid.columns) * grid.step)
        if size != self.virtual_size:
            self.virtual_size = size
            self._refresh_scrollbars()

    def _lay_out(self) -> None:
        self._images.forget()
        self._drawn.clear()
        self._painter.forget_images()
        self._fit_size()
        self._keep_in_sight()
        self._refresh_changed()
        self.refresh()
        self.want()

    @property
    def visible_range(self) -> tuple[int, int]:
        """Index of the first visible cell, and number of visible cells."""
        grid = self._grid
        first, lines = grid.visible(int(self.scroll_y))
        return first * grid.columns, lines * grid.columns

    def want(self) -> None:
        """Request the visible rows, with a page before and after them."""
        if not self.display:
            return
        wanted = self.visible_range
        if wanted != self._asked:
            self._asked = wanted
            first, shown = wanted
            self.post_message(self.Wanted(max(0, first - shown), 3 * shown))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Request the rows that have scrolled into view."""
        super().watch_scroll_y(old_value, new_value)
        self._images.hurry(self._rest)
        self._refresh_changed()
        self.want()

    def _rest(self, draw: Callable[[], None]) -> None:
        """Have images drawn in full once nothing has moved for a moment."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_SECONDS, partial(self._draw_in_full, draw))

    def _draw_in_full(self, draw: Callable[[], None]) -> None:
        self._resting = None
        draw()
        self._refresh_changed()

    def on_resize(self) -> None:
        """Lay everything out again."""
        self._lay_out()

    def on_show(self) -> None:
        """Catch up with the list."""
        self._asked = (-1, -1)
        self.follow()

    # -- drawing ------------------------------------------------------------------------------

    def notify_style_update(self) -> None:
        """Forget drawings in other colours."""
        super().notify_style_update()
        self._painter.forget()
        self._drawn.clear()

    def on_focus(self) -> None:
        """Redraw the cursor in its focused style."""
        self._refresh_changed()

    def on_blur(self) -> None:
        """Redraw the cursor in its unfocused style."""
        self._refresh_changed()

    def _refresh_changed(self) -> None:
        """Draw only lines of cells in which something has changed."""
        self._images.look = self._present_look()
        grid, top = self._grid, int(self.scroll_y)
        first, lines = grid.visible(top)
        self._drawn = {
            at: d for at, d in self._drawn.items() if first - 2 <= at <= first + lines + 2
        }
        for line in range(first, first + lines):
            drawn = self._drawn.get(line)
            if drawn is None or drawn[0] != self._what(line, grid):
                region = Region(0, line * grid.step - top, self.size.width, grid.step)
                self.refresh(region)

    def _what(self, line: int, grid: Grid) -> tuple[object, ...]:
        """Return all that the drawing of a line depends on."""
        state, first = self.state, line * grid.columns
        cells = [self._what_cell(first + at) for at in range(grid.columns)]
        here = state.cursor - first
        on = here if 0 <= here < grid.columns else -1
        return (*cells, on, self.has_focus, grid, self._prefix)

    def _what_cell(self, index: int) -> tuple[object, ...]:
        row = self.state.row(index)
        if row is None:
            return (index < self.state.total,)
        face = self._faces.get(row.id)
        image = self._images.of(face)
        failed = image is None and self._images.has_failed(face)
        return (row, row.id in self.state.marks, failed, None if image is None else id(image))

    def render_line(self, y: int) -> Strip:
        """Return one row of the terminal."""
        if not self.state.total:
            width = self.size.width
            return self._painter.text(self.state.text_line(y, width), width)
        grid = self._grid
        line, at = divmod(int(self.scroll_y) + y, grid.step)
        return self._line(line, grid)[at]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines as they are kept, unless there are none or a style changes them further."""
        self._images.look = self._present_look()
        styles = self.styles
        is_plain = (
            self.state.total > 0
            and self.content_region.size == self.region.size
            and self.opacity == styles.text_opacity == 1
            and not styles.tint.a
        )
        if not is_plain:
            return super().render_lines(crop)
        grid, top = self._grid, int(self.scroll_y)
        first, last = (top + crop.y) // grid.step, (top + crop.bottom - 1) // grid.step
        rows = [row for line in range(first, last + 1) for row in self._line(line, grid)]
        begin = top + crop.y - first * grid.step
        return [row.crop(crop.x, crop.right) for row in rows[begin : begin + crop.height]]

    def _line(self, line: int, grid: Grid) -> list[Strip]:
        """Return the rows of a line of cells, drawn again only if something has changed."""
        what = self._what(line, grid)
        drawn = self._drawn.get(line)
        if drawn is None or drawn[0] != what:
            drawn = self._drawn[line] = (what, self._draw_line(line, grid))
        return drawn[1]

    def _draw_line(self, line: int, grid: Grid) -> list[Strip]:
        first, width, base = line * grid.columns, self.size.width, self._painter.base
        cells = [self._draw_cell(first + at, at, grid) for at in range(grid.columns)]
        return [
            self._painter.join([part for cell in cells for part in cell[at]]).adjust_cell_length(
                width, base
            )
            for at in range(grid.step)
        ]

    def _draw_cell(self, index: int, column: int, grid: Grid) -> list[tuple[Strip, ...]]:
        """Return the parts of each line of a cell."""
        painter, width, rows = self._painter, grid.widths(column)[1], grid.box[1]
        row = self.state.row(index)
        if row is None:
            return [(painter.blank(width),)] * (rows + 1)
        here, cell, size = index == self.state.cursor, self._cell(row), Size(width - 2, rows)
        face = self._faces.get(row.id)
        image = self._images.of(face)
        if image is None:
            lines = painter.words(cell, self._images.why_not(face), size)
        else:
            lines = painter.image(image, size)
        left, right = painter.edges(here=here)
        name, marked = cell.key[self._prefix :] or cell.key, row.id in self.state.marks
        label = painter.label(cell, name, width, here=here, marked=marked)
        return [*((left, line, right) for line in lines), (label,)]

    def take_drawn(self) -> None:
        """Show the drawings that are ready, and forget those that are out of sight."""
        first, count = self.visible_range
        rows = [self.state.row(index) for index in range(first, first + count)]
        faces = [self._faces[row.id] for row in rows if row is not None and row.id in self._faces]
        if self._images.keep_only(faces):
            self._painter.forget_images()
        self._refresh_changed()

    def _present_look(self) -> Look:
        look = ImageKey("", self._grid.box, style_of(self.app), self.background_colors[1].rgb)
        return look, tones(self.app.theme_variables)
