"""Images of a sheet: those that are visible, drawn in half cells while it is scrolled."""

from collections.abc import Callable, Sequence

from engine.client.views.faces import Face
from engine.config.paths import WorkspacePaths
from tui.images.style import CellStyle
from tui.widgets.rendering import (
    THUMBNAILS,
    ImageKey,
    RenderedImage,
    Source,
    preview_key,
    source_of,
)
from tui.widgets.sheet_decoder import SheetDecoder

UNSHOWN = "cannot be shown"

SPARE = 20
"""Drawings that are kept besides twice the visible ones."""

Look = tuple[ImageKey, tuple[tuple[str, str], ...]]
"""The key of an image without its content, and the tones of what a kind draws."""


class SheetImages:
    """Images by their faces; one that is missing is drawn in a thread.

    Args:
        paths: Paths of the workspace.
        decoder: Draws them.

    Attributes:
        look: Size and style in which they are drawn now.
    """

    def __init__(self, paths: WorkspacePaths, decoder: SheetDecoder) -> None:
        self.look: Look = (ImageKey("", (0, 0), CellStyle("none"), (0, 0, 0)), ())
        self._paths = paths
        self._decoder = decoder
        self._own: dict[ImageKey, RenderedImage] = {}  # visible ones: stay if the cache is full
        self._is_hurried = False

    def forget(self) -> None:
        """Forget all drawings: they get another size."""
        self._decoder.clear()
        self._own.clear()

    def hurry(self, later: Callable[[Callable[[], None]], None]) -> None:
        """Draw half cells from now on, which take half the time, until nothing moves any more.

        Args:
            later: Calls a function once nothing has moved for a moment.
        """
        self._decoder.clear()
        self._is_hurried = True
        later(self._in_full)

    def _in_full(self) -> None:
        self._is_hurried = False

    def of(self, face: Face | None) -> RenderedImage | None:
        """Return a drawing: the best that there is; None as long as there is none."""
        if face is None:
            return None
        best, quick = self.key(face), self._quick_key(face)
        if (image := self._kept(best)) is not None:
            return image
        self._want(face, quick if self._is_hurried else best)
        return self._kept(quick)

    def _kept(self, key: ImageKey) -> RenderedImage | None:
        image = self._own.get(key) or THUMBNAILS.get(key)
        if image is not None:
            self._own[key] = image
        return image

    def _want(self, face: Face, key: ImageKey) -> None:
        if key not in self._own and not self._decoder.failed(key):
            source, _ = self._source(face)
            if source is not None:
                self._decoder.add(source, key)

    def has_failed(self, face: Face | None) -> bool:
        """Return True if a face cannot be shown."""
        return face is not None and self._decoder.failed(self.key(face))

    def has_in_full(self, face: Face) -> bool:
        """Return True if a face is drawn in the best symbols."""
        return self.key(face) in self._own

    def why_not(self, face: Face | None) -> str:
        """Return the text for an image that is being drawn or cannot be; empty without one."""
        if face is None or self._source(face)[0] is None:
            return ""
        return UNSHOWN if self.has_failed(face) else "…"

    def keep_only(self, faces: Sequence[Face]) -> bool:
        """Forget drawings of other faces if there are many; return True if any were forgotten."""
        if len(self._own) <= 2 * len(faces) + SPARE:
            return False
        contents = {_content(face) for face in faces}
        self._own = {key: one for key, one in self._own.items() if key.content in contents}
        return True

    def _source(self, face: Face) -> tuple[Source | None, str]:
        if face.preview:
            return face.preview, preview_key(face.preview)
        return source_of(self._paths, face.file, small=True)

    def key(self, face: Face) -> ImageKey:
        """Return the key of the best drawing of a face."""
        look, colours = self.look
        is_drawn = not face.preview and face.file is not None and face.file.kind != "image"
        return look._replace(content=_content(face), tones=colours if is_drawn else ())

    def _quick_key(self, face: Face) -> ImageKey:
        key = self.key(face)
        is_cells = isinstance(key.style, CellStyle) and key.style.colours == "true"
        return key._replace(style=CellStyle("true", "half")) if is_cells else key


def _content(face: Face) -> str:
    """Return the content's key of a face, as `source_of` does."""
    if face.preview:
        return preview_key(face.preview)
    if face.file is None:
        return ""
    return (
        face.file.hash if face.file.kind == "image" else f"{face.file.hash} {face.file.kind} small"
    )
