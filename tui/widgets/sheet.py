"""A contact sheet: the rows of a list as a grid of small images; only visible ones are decoded."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import ClassVar, Generic

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.client.views.faces import Face
from engine.config.paths import WorkspacePaths
from tui.actions import bindings
from tui.bugs import ReportsBugs
from tui.images.style import CellStyle
from tui.jumps import Jump
from tui.states import TONES
from tui.widgets.drawing import tones
from tui.widgets.image import (
    THUMBNAILS,
    ImageKey,
    RenderedImage,
    Source,
    preview_key,
    source_of,
    style_of,
)
from tui.widgets.list_state import ListState, RowT
from tui.widgets.rows import Rows
from tui.widgets.sheet_decoder import SheetDecoder
from tui.widgets.sheet_grid import STEPS, Grid, grid_of
from tui.widgets.sheet_painter import SheetCell, SheetPainter, common_start

UNSHOWN = "cannot be shown"

ASPECT = 0.75
"""Height of an image by its width, until one is known."""


Look = tuple[ImageKey, tuple[tuple[str, str], ...]]
"""The key of an image without its content, and the tones of what a kind draws."""


class Sheet(ReportsBugs, ScrollView, Generic[RowT], can_focus=True):
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

    class Resized(Message):
        """The operator has chosen another number of columns; 0 for the usual one."""

        def __init__(self, columns: int) -> None:
            super().__init__()
            self.columns = columns

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
        self._paths = paths
        self._chosen = columns if columns in STEPS else 0
        self._faces: Mapping[int, Face] = {}
        self._aspect = 0.0
        self._asked = (-1, -1)
        self._painter = SheetPainter(self)
        self._drawn: dict[int, tuple[object, list[Strip]]] = {}
        self._own: dict[ImageKey, RenderedImage] = {}  # of visible cells: stay if the cache is full
        self._decoder = SheetDecoder(self, self.take_drawn)
        self._look: Look = (ImageKey("", (0, 0), CellStyle("none"), (0, 0, 0)), ())
        self._prefix = 0

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
    def columns(self) -> int:
        """Number of cells in a line."""
        return self._grid.columns

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
        self._decoder.clear()
        self._drawn.clear()
        self._own.clear()
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

    # -- moving -------------------------------------------------------------------------------

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

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Request the rows that have scrolled into view."""
        super().watch_scroll_y(old_value, new_value)
        self._decoder.clear()
        self._refresh_changed()
        self.want()

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
        self._look = self._present_look()
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
        image = self._image(face)
        failed = image is None and face is not None and self._decoder.failed(self._key(face))
        return (row, row.id in self.state.marks, failed, None if image is None else id(image))

    def render_line(self, y: int) -> Strip:
        """Return one row of the terminal."""
        if not self.state.total:
            return self._painter.empty(self.state.empty, y, self.size.width)
        grid = self._grid
        line, at = divmod(int(self.scroll_y) + y, grid.step)
        return self._line(line, grid)[at]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return lines as they are kept, unless there are none or a style changes them further."""
        self._look = self._present_look()
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
        image = self._image(face)
        if image is None:
            lines = painter.words(cell, self._why_not(face), size)
        else:
            lines = painter.image(image, size)
        left, right = painter.edges(here=here)
        name, marked = cell.key[self._prefix :] or cell.key, row.id in self.state.marks
        label = painter.label(cell, name, width, here=here, marked=marked)
        return [*((left, line, right) for line in lines), (label,)]

    def _why_not(self, face: Face | None) -> str:
        """Return the text for an image that is being drawn or cannot be; empty without one."""
        if face is None or self._source(face)[0] is None:
            return ""
        return UNSHOWN if self._decoder.failed(self._key(face)) else "…"

    # -- images -------------------------------------------------------------------------------

    def _source(self, face: Face | None) -> tuple[Source | None, str]:
        if face is None:
            return None, ""
        if face.preview:
            return face.preview, preview_key(face.preview)
        return source_of(self._paths, face.file, small=True)

    def _image(self, face: Face | None) -> RenderedImage | None:
        """Return a drawing; one that is missing is drawn in a thread."""
        if face is None:
            return None
        wanted = self._key(face)
        image = self._own.get(wanted) or THUMBNAILS.get(wanted)
        if image is not None:
            self._own[wanted] = image
        elif not self._decoder.failed(wanted):
            source, _ = self._source(face)
            if source is not None:
                self._decoder.add(source, wanted)
        return image

    def _key(self, face: Face) -> ImageKey:
        look, colours = self._look
        is_drawn = not face.preview and face.file is not None and face.file.kind != "image"
        return look._replace(content=_content(face), tones=colours if is_drawn else ())

    def _present_look(self) -> Look:
        look = ImageKey("", self._grid.box, style_of(self.app), self.background_colors[1].rgb)
        return look, tones(self.app.theme_variables)

    def take_drawn(self) -> None:
        """Show the drawings that are ready, and forget those that are out of sight."""
        first, count = self.visible_range
        rows = [self.state.row(index) for index in range(first, first + count)]
        faces = [self._faces[row.id] for row in rows if row is not None and row.id in self._faces]
        if len(self._own) > 2 * len(faces) + 20:
            contents = {_content(face) for face in faces}
            self._own = {k: v for k, v in self._own.items() if k.content in contents}
            self._painter.forget_images()
        self._refresh_changed()


def _content(face: Face) -> str:
    """Return the content's key of a face, as `source_of` does."""
    if face.preview:
        return preview_key(face.preview)
    if face.file is None:
        return ""
    return (
        face.file.hash if face.file.kind == "image" else f"{face.file.hash} {face.file.kind} small"
    )
