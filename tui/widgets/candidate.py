"""One of several things that are compared: its caption, and its drawing."""

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from engine.client.views.candidates import Candidate
from engine.config.paths import WorkspacePaths
from engine.text import figures
from tui.states import look
from tui.widgets.columns import fit
from tui.widgets.drawing import text_of, tones
from tui.widgets.image import NEVER, NO_IMAGE, ImageView
from tui.widgets.theme_changes import on_theme_change

if TYPE_CHECKING:
    from engine.contract.kinds import Drawing, Lines

_ENDED = {"done", "failed", "cancelled"}


class CandidateView(Vertical):
    """A thing with its caption; the drawing comes from its screen, which draws all together.

    Args:
        paths: Paths of the workspace.
    """

    class Resized(Message):
        """The area for the drawing has another size."""

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._candidate: Candidate | None = None
        self._named = "", 0
        self._lines: Lines | None = None
        self._caption = Static(markup=False, classes="caption")
        self._image = ImageView()
        self._image.absent = "…"  # being drawn
        self._text = Static(markup=False)
        self._scroll = VerticalScroll(self._text, can_focus=False)

    def compose(self) -> ComposeResult:
        """Compose the caption, and the drawing as an image or as text."""
        yield self._caption
        yield self._image
        yield self._scroll

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def on_resize(self, event: events.Resize) -> None:
        """Ask for a drawing of the new size."""
        self._show_caption()
        self.post_message(self.Resized())

    @property
    def area(self) -> tuple[int, int]:
        """Return columns and rows for the drawing; 0 before the first layout."""
        width, height = self.content_size
        return (width, max(1, height - 1)) if width and height else (0, 0)

    def set_candidate(
        self, candidate: Candidate, place: str, shared: int = 0, *, active: bool
    ) -> None:
        """Show the caption of a thing; its drawing follows.

        Args:
            candidate: The thing.
            place: Its number of how many.
            shared: Characters at the begin of its title that all things share.
            active: True if keys are about it.
        """
        self.set_class(active, "-active")
        self._candidate = candidate
        self._named = place, shared
        self._show_caption()

    def _show_caption(self) -> None:
        if self._candidate is not None and self.content_size.width:
            self._caption.update(caption(self._candidate, *self._named, self.content_size.width))

    def put(self, drawing: "Drawing | None") -> None:
        """Show the drawing of the thing."""
        from engine.contract.kinds import Lines, Raster

        if isinstance(drawing, Raster) and drawing.in_cells and not self._image.has_pixels:
            drawing = drawing.in_cells
        self._lines = drawing if isinstance(drawing, Lines) else None
        self._image.display = self._lines is None
        self._scroll.display = self._lines is not None
        if self._lines is not None:
            self.restyle()
        elif isinstance(drawing, Raster):
            self._image.show_drawing(drawing)
        else:
            one = self._candidate
            self._image.absent = NEVER if one and one.state in _ENDED else NO_IMAGE
            file = one.file if one else None
            self._image.show_file(self._paths, file if drawing is not None else None)

    def scroll_text(self, lines: int) -> None:
        """Scroll a drawing of lines that is longer than its area."""
        self._scroll.scroll_relative(y=lines, animate=False)

    def restyle(self) -> None:
        """Show the same in the colours of the theme."""
        if self._lines is not None:
            self._text.update(text_of(self._lines, tones(self.app.theme_variables)))


def caption(candidate: Candidate, place: str, shared: int, width: int) -> str:
    """Return state, score, rating and name of a thing in exactly `width` cells, its place last.

    In little room the place goes first, then the begin of the name that all things share.
    """
    shape = look(candidate.state).shape
    score = "" if candidate.score is None else f"{figures.score(candidate.score)} "
    start = f"{shape} {score}{figures.rating(candidate.rating)}"
    room = width - cell_len(start)
    title = candidate.title
    if cell_len(title) + len(place) + 2 <= room:
        return f"{start}{fit(title, room - len(place) - 1)} {place}"
    return fit(f"{start}{title if cell_len(title) <= room else title[shared:]}", width)
