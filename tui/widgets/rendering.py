"""Drawing of stored files for an area of cells, in a thread, and the cache of drawings."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from textual.strip import Strip

from db.queries.faces import FileLine
from engine.client.views.drawings import draw_file
from engine.client.views.files import stored_of
from engine.client.views.pixels import ImageTrouble, small_version
from engine.client.views.stored import here, stored_file
from engine.config.paths import WorkspacePaths
from tui.images.cache import LruCache
from tui.images.cells import draw
from tui.images.decode import thumbnail
from tui.images.style import CellStyle, cell_style, pixels_of
from tui.images.terminal import pixel_terminal, symbols_of_terminal
from tui.images.zoom import WHOLE, Zoom
from tui.line.pace import LinePace
from tui.widgets.drawing import strips_of

if TYPE_CHECKING:
    from PIL.Image import Image
    from textual.app import App

    from engine.contract.kinds import Lines, Raster

CACHE_BYTES = 12 * 2**20
"""Maximum memory of all drawn images together, in bytes."""

MAX_DRAWN_PIXELS = 2_000_000
"""Maximum pixels sent to a terminal that draws them itself; they may go over SSH."""

_CELL_BYTES = 650  # a segment with its own style, measured


class ImageKey(NamedTuple):
    """Key of a drawn image in the cache.

    Attributes:
        content: The image's hash, or its path if the hash is not known.
        size: The area in cells.
        style: Style of cells; `pixels` if the terminal draws the image itself.
        backdrop: The background behind cells that the image does not fill, as RGB.
        tones: Colours of the theme, if a kind draws the file.
        zoom: The part of the image that is shown, and its scale.
    """

    content: str
    size: tuple[int, int]
    style: CellStyle | Literal["pixels"]
    backdrop: tuple[int, int, int]
    tones: tuple[tuple[str, str], ...] = ()
    zoom: Zoom = WHOLE


@dataclass(frozen=True, slots=True)
class RenderedImage:
    """A rendered image: as strips, or as pixels for the terminal, with lines over and under it."""

    strips: list[Strip] | None = None
    pixels: "Image | None" = None
    above: tuple[Strip, ...] = ()
    below: tuple[Strip, ...] = ()

    def line(self, y: int, rows: int) -> Strip | None:
        """Return a line of an area of some rows; None for one that is blank or pixels."""
        image = self._blanks(rows) if self.strips is None else self.strips
        lines = [*self.above, *image, *self.below]
        at = y - (rows - len(lines)) // 2
        return lines[at] if 0 <= at < len(lines) else None

    def _blanks(self, rows: int) -> list[Strip | None]:
        return [None] * max(0, rows - len(self.above) - len(self.below))


THUMBNAILS: LruCache[RenderedImage] = LruCache(CACHE_BYTES)
"""Cache of recent drawings of all widgets of the process. Used only by the event loop."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """A stored file that its kind draws.

    Attributes:
        file: The file's row.
        paths: Paths of the workspace.
        path: The stored file.
        small: True to draw it for a small area.
    """

    file: FileLine
    paths: WorkspacePaths
    path: Path
    small: bool


@dataclass(frozen=True, slots=True)
class DrawnSource:
    """An image that a kind has drawn already, with its lines."""

    drawing: "Raster"


Source = Path | bytes | FileSource | DrawnSource


def source_of(
    paths: WorkspacePaths, file: FileLine | None, *, small: bool
) -> tuple[FileSource | None, str]:
    """Return a stored file as a source, and its content's key; None if there is none to read."""
    path = stored_file(paths, file.hash) if file else None
    if file is None or path is None:
        return None, ""
    drawn = "" if file.kind == "image" else f" {file.kind}{' small' if small else ''}"
    return FileSource(file, paths, path, small), f"{file.hash}{drawn}"


def preview_key(preview: bytes) -> str:
    """Return the content's key of an image that is not stored."""
    from hashlib import blake2b  # the first image needs none

    return f"preview {blake2b(preview, digest_size=16).hexdigest()}"


def is_slow(app: "App[Any]") -> bool:
    """Return True if the line to the terminal is slow."""
    line: LinePace | None = getattr(app, "line", None)
    return bool(line and line.slow)


def style_of(app: "App[Any]") -> CellStyle:
    """Return the best style of cells that the terminal of an app shows."""
    return cell_style(
        app.console.color_system,
        no_color=app.no_color,
        symbols="half" if is_slow(app) else symbols_of_terminal(),
    )


def render_source(source: Source, wanted: ImageKey) -> tuple[RenderedImage, int]:
    """Read, decode and draw a source in a thread.

    Args:
        source: The source.
        wanted: Its key in the cache: its size, style and colours.

    Returns:
        The drawing, and its weight in the cache in bytes.

    Raises:
        ImageTrouble: It cannot be shown; the message gives the reason.
    """
    columns, rows = wanted.size
    if isinstance(source, DrawnSource):
        return _framed(source.drawing, wanted)
    drawing = _drawing(source, wanted) if isinstance(source, FileSource) else source
    if isinstance(drawing, Path | bytes):
        return _image(drawing, wanted, rows)
    from engine.contract.kinds import Lines

    if isinstance(drawing, Lines):
        strips = strips_of(drawing, wanted.tones, columns)[:rows]
        return RenderedImage(strips=strips), sum(s.cell_length for s in strips) * _CELL_BYTES
    return _framed(drawing, wanted)


def _framed(drawing: "Raster", wanted: ImageKey) -> tuple[RenderedImage, int]:
    """Return an image with the lines over and under it."""
    columns, rows = wanted.size
    above, below = (
        tuple(_wide(strips_of(lines, wanted.tones, columns), columns)) if lines else ()
        for lines in (drawing.above, drawing.below)
    )
    is_coarse = wanted.style != "pixels" and drawing.coarse is not None
    data = drawing.coarse if is_coarse and drawing.coarse else drawing.data
    image, weight = _image(data, wanted, max(1, rows - len(above) - len(below)))
    lines = (len(above) + len(below)) * columns * _CELL_BYTES
    return replace(image, above=above, below=below), weight + lines


def _wide(strips: list[Strip], columns: int) -> list[Strip]:
    """Return strips of the full width, so that lines start below each other."""
    return [strip.adjust_cell_length(columns) for strip in strips]


def _image(source: Path | bytes, wanted: ImageKey, rows: int) -> tuple[RenderedImage, int]:
    box = area_of(wanted, rows)
    if wanted.style == "pixels":
        pixels = thumbnail(source, box, wanted.zoom)
        return RenderedImage(pixels=pixels), pixels.width * pixels.height * 3
    image = thumbnail(source, box, wanted.zoom)
    strips = draw(image, wanted.style, wanted.backdrop)
    cells = sum(strip.cell_length for strip in strips)
    return RenderedImage(strips=strips), cells * _CELL_BYTES


def area_of(wanted: ImageKey, rows: int) -> tuple[int, int]:
    """Return the area in pixels of some rows."""
    columns = wanted.size[0]
    terminal = pixel_terminal()
    if wanted.style != "pixels":
        return pixels_of(columns, rows, wanted.style)
    if terminal is None:
        raise ImageTrouble("The terminal no longer shows pixels.")
    width, height = columns * terminal.cell[0], rows * terminal.cell[1]
    share = min(1.0, math.sqrt(MAX_DRAWN_PIXELS / (width * height)))
    return max(1, int(width * share)), max(1, int(height * share))


def _drawing(source: FileSource, wanted: ImageKey) -> "Path | bytes | Lines | Raster":
    """Return the drawing of a file's kind: lines, an encoded image, or the file's own image."""
    from engine.contract.kinds import OwnImage, Raster

    drawn = draw_file(source.file, source.path, source.paths, wanted.size, small=source.small)
    if isinstance(drawn, Raster) and drawn.in_cells is not None and wanted.style != "pixels":
        return drawn.in_cells
    if not isinstance(drawn, OwnImage):
        return drawn
    path = here(source.paths, source.file.hash) or source.path
    if wanted.zoom != WHOLE:
        return path
    stored = stored_of(source.file, source.path, source.paths)
    side = max(area_of(wanted, wanted.size[1]))
    return small_version(source.paths.thumbnails, stored, side) or path
