"""A stored file in the terminal: an image, or what the kind of another file draws.

Nothing is read before it is drawn: an image that is scrolled away, on a hidden tab or under another
screen costs nothing. It is decoded in a thread, one at a time per widget, and cached by its
content's hash and size; so moving up and down a list decodes each image once.
"""

import textwrap
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.segment import Segment
from rich.style import Style
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from db.queries.faces import FileLine
from engine.client.views.pixels import ImageTrouble
from engine.config.paths import WorkspacePaths
from tui.bugs import ReportsBugs
from tui.images.style import CellStyle
from tui.images.terminal import pixel_terminal
from tui.images.zoom import WHOLE, Zoom
from tui.widgets.drawing import tones
from tui.widgets.rendering import (
    THUMBNAILS,
    DrawnSource,
    FileSource,
    ImageKey,
    RenderedImage,
    Source,
    area_of,
    is_slow,
    preview_key,
    render_source,
    source_of,
    style_of,
)

if TYPE_CHECKING:
    from engine.contract.kinds import Raster

MAX_COLUMNS, MAX_ROWS = 240, 120
"""Maximum area that is drawn, in cells."""

SYMBOL_CELL = 8, 16
"""Width and height of a cell whose symbols stand for pixels: twice as high as wide."""

NO_IMAGE = "No image yet."
NEVER = "No image."
"""In place of an image that does not come any more: what would have left it has ended."""


class ImageView(ReportsBugs, Widget):
    """One stored file, as large as fits, as its kind draws it, or a sentence in its place."""

    DEFAULT_CSS = """
    ImageView {
        width: 1fr;
        height: 1fr;
        align: center middle;
        overflow: hidden;
    }
    """

    @dataclass
    class Ready(Message, bubble=False):
        """A thread has rendered an image, or failed with a reason."""

        wanted: ImageKey
        drawn: RenderedImage
        weight: int
        trouble: str

    def __init__(
        self,
        *,
        style: CellStyle | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  Textual's own name for it
        classes: str | None = None,
    ) -> None:
        """Create an empty one.

        Args:
            style: Style of cells; by default the best that the terminal can show.
            name: As of any widget.
            id: As of any widget.
            classes: As of any widget.
        """
        super().__init__(name=name, id=id, classes=classes)
        self.absent = NO_IMAGE
        self._style_given = style
        self._source: Source | None = None
        self._content = ""
        self._in_flight: ImageKey | None = None
        self._trouble: tuple[ImageKey, str] | None = None
        self._own: tuple[ImageKey, RenderedImage] | None = None  # stays when the cache drops it
        self._mounted_for: ImageKey | None = None
        self._zoom = WHOLE

    def show(self, path: Path | None, hash: str = "") -> None:  # noqa: A002  the store's name
        """Show another image.

        Args:
            path: The stored file; None if there is none yet.
            hash: Its content's hash, the same only for the same bytes.
        """
        self._show(path, hash or str(path or ""))

    def show_file(
        self, paths: WorkspacePaths, file: FileLine | None, *, small: bool = False
    ) -> None:
        """Show a stored file as its kind draws it.

        Args:
            paths: Paths of the workspace.
            file: The file; None if there is none yet.
            small: True to draw it for a small area, such as a frame of the film strip.
        """
        self._show(*source_of(paths, file, small=small))

    def show_preview(self, preview: bytes) -> None:
        """Show an image that is neither finished nor stored: a small PNG, JPEG or WebP file."""
        self._show(preview, preview_key(preview))

    def show_drawing(self, drawing: "Raster") -> None:
        """Show an image that a kind has drawn, with its lines."""
        from hashlib import blake2b  # the first image needs none

        digest = blake2b(drawing.data, digest_size=16)
        digest.update(repr((drawing.above, drawing.below)).encode("utf-8", "surrogatepass"))
        self._show(DrawnSource(drawing), f"drawing {digest.hexdigest()}")

    def set_zoom(self, zoom: Zoom) -> None:
        """Show a part of the image, or all of it; the part before stays until this one is ready."""
        self._zoom = zoom
        self.refresh()

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of a cell in pixels; of symbols as many as any of them has."""
        terminal = pixel_terminal()
        return terminal.cell if terminal is not None and self.has_pixels else SYMBOL_CELL

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of the area in pixels that are drawn, each at least 1."""
        return area_of(self._wanted(), max(1, self.content_size.height))

    def _show(self, source: Source | None, content: str) -> None:
        self._trouble = None
        if content != self._content or source != self._source:
            if not isinstance(self._source, bytes):
                self._own = None  # an image that follows its own preview: the preview may stay
            self._source, self._content = source, content
            self._take_pixels_away()
        self.refresh()

    @property
    def sentence(self) -> str:
        """The text in place of an image; empty if there is one or one is being rendered."""
        if self._source is None:
            return self.absent
        if self._trouble is not None and self._trouble[0] == self._wanted():
            return self._trouble[1]
        return ""

    # -- drawing ------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Return one line; Textual requests only visible ones."""
        width = self.content_size.width
        if said := self.sentence:
            return self._line_of(said, y)
        drawn = self._drawn()
        if drawn is None:
            return self._line_of("…", y)
        line = drawn.line(y, self.content_size.height)
        if line is None:  # or pixels: the widget over this one shows them
            return Strip.blank(width, self.rich_style)
        return _centred(line, width, self.rich_style)

    def on_resize(self) -> None:
        """Request pixels of the new size; cells are requested when they are drawn."""
        if self._mounted_for is not None:
            self._drawn()

    def _line_of(self, said: str, y: int) -> Strip:
        width, height = self.content_size
        lines = textwrap.wrap(said, max(1, width - 2))[:height]
        at = y - (height - len(lines)) // 2
        if not 0 <= at < len(lines):
            return Strip.blank(width, self.rich_style)
        line = Strip([Segment(lines[at], self.rich_style)])
        return _centred(line, width, self.rich_style)

    def _drawn(self) -> RenderedImage | None:
        """Return the rendered image; if there is none, start a thread that renders it."""
        wanted = self._wanted()
        own = self._own
        drawn = own[1] if own is not None and own[0] == wanted else THUMBNAILS.get(wanted)
        if drawn is None:
            if self._in_flight is None:
                self._in_flight = wanted
                self.call_next(self._set_out, wanted)
            if own is not None and _is_like(own[0], wanted):
                drawn = own[1]  # the preview or the part before this one, until this one is ready
        elif drawn.pixels is not None and self._mounted_for != wanted:
            self._mounted_for = wanted
            self.call_next(self._put_pixels, wanted, drawn)
        return drawn

    def _wanted(self) -> ImageKey:
        columns, rows = self.content_size
        return ImageKey(
            content=self._content,
            size=(min(columns, MAX_COLUMNS), min(rows, MAX_ROWS)),
            style=self._cell_style(),
            backdrop=self.background_colors[1].rgb,
            tones=self._tones(),
            zoom=self._zoom,
        )

    def _tones(self) -> tuple[tuple[str, str], ...]:
        source = self._source
        is_drawn = isinstance(source, FileSource) and source.file.kind != "image"
        is_drawn = is_drawn or isinstance(source, DrawnSource)
        return tones(self.app.theme_variables) if is_drawn else ()

    @property
    def has_pixels(self) -> bool:
        """True if the terminal draws images itself, pixel by pixel."""
        return self._cell_style() == "pixels"

    def _cell_style(self) -> CellStyle | Literal["pixels"]:
        if self._style_given is not None:
            return self._style_given
        if pixel_terminal() is not None and not self.app.is_headless and not is_slow(self.app):
            return "pixels"  # over a slow line they would take minutes, and no key could end them
        return style_of(self.app)

    # -- making ready -------------------------------------------------------------------------

    def _set_out(self, wanted: ImageKey) -> None:
        if self._source is None or min(wanted.size) < 1:
            self._in_flight = None
            return
        work = partial(self._make, self._source, wanted)
        self.run_worker(work, thread=True, group="image", exit_on_error=False)

    def _make(self, source: Source, wanted: ImageKey) -> None:
        """Read, decode and draw, and post the result; in a thread."""
        drawn, weight, trouble = RenderedImage(), 0, ""
        try:
            drawn, weight = render_source(source, wanted)
        except ImageTrouble as error:
            trouble = str(error)
        except BaseException:
            trouble = "The image cannot be shown."
            raise
        finally:
            self.post_message(self.Ready(wanted, drawn, weight, trouble))

    def on_image_view_ready(self, message: Ready) -> None:
        """Store a rendered image, and draw it if it is still needed."""
        message.stop()
        self._in_flight = None
        still_wanted = message.wanted == self._wanted()
        if not message.trouble:
            THUMBNAILS.put(message.wanted, message.drawn, message.weight)
        if still_wanted and message.trouble:
            self._trouble = (message.wanted, message.trouble)
        elif still_wanted:
            self._own = (message.wanted, message.drawn)
        self.refresh()

    # -- the terminal's own pixels ------------------------------------------------------------

    async def _put_pixels(self, wanted: ImageKey, drawn: RenderedImage) -> None:
        terminal = pixel_terminal()
        await self.remove_children()
        if terminal is not None and drawn.pixels is not None and wanted == self._wanted():
            widget = terminal.widget(drawn.pixels)
            widget.styles.margin = (len(drawn.above), 0, len(drawn.below), 0)
            await self.mount(widget)

    def _take_pixels_away(self) -> None:
        if self._mounted_for is not None:
            self._mounted_for = None
            self.remove_children()


def _is_like(before: ImageKey, wanted: ImageKey) -> bool:
    """Return True if two drawings differ at most in the content and the part of it."""
    return before._replace(content=wanted.content, zoom=wanted.zoom) == wanted


def _centred(line: Strip, width: int, style: Style) -> Strip:
    """Return a line in the middle of a width."""
    left = (width - line.cell_length) // 2
    blank = [Segment(" " * left, style)] if left > 0 else []
    return Strip([*blank, *line.apply_style(style)]).adjust_cell_length(width, style)
