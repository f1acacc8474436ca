"""Scopes of one kind side by side, such as iterations or the images of a set."""

from collections.abc import Iterator, Sequence
from functools import partial

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.message import Message
from textual.widgets import Static

from engine.client.views.siblings import SiblingScope
from engine.config.paths import WorkspacePaths
from engine.text import figures
from tui.jumps import Jump
from tui.states import look
from tui.widgets.columns import fit
from tui.widgets.image import ImageView
from tui.widgets.sheet_painter import common_start

GAP = 2
"""Columns between two captions."""

TAKEN = "★"
"""Marker of the selected one of several."""


class Frame(Vertical):
    """One turn: its caption, its image and the image's scores, if there is room."""

    class Picked(Message):
        """A turn was clicked."""

        def __init__(self, node: int) -> None:
            super().__init__()
            self.node = node

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._turn: SiblingScope | None = None
        self._is_sought = False
        self._caption = Static(markup=False, classes="caption")
        self._image = ImageView()
        self._marks = Static(markup=False, classes="marks")

    def compose(self) -> ComposeResult:
        """Compose caption, image, scores."""
        yield self._caption
        yield self._image
        yield self._marks

    def show(self, turn: SiblingScope, *, chosen: bool) -> None:
        """Show a turn."""
        self.set_class(chosen, "-chosen")
        self.set_class(turn.outdated, "-outdated")
        if turn == self._turn:
            return
        self._turn = turn
        self.name_without(0)
        self._marks.update("\n".join(_line(*line) for line in turn.lines))
        if turn.preview:
            self._image.show_preview(turn.preview)
        else:
            self._image.show_file(self._paths, turn.file, small=True)

    def seek(self, *, is_sought: bool) -> None:
        """Scroll to this turn, now and when it gets its place, or leave the others in sight."""
        self._is_sought = is_sought
        if is_sought:
            self.call_after_refresh(self.scroll_visible, animate=False)

    def on_resize(self) -> None:
        """Come into sight: before it is laid out there is no place to scroll to."""
        self.seek(is_sought=self._is_sought)

    def name_without(self, shared: int) -> None:
        """Show the caption, with the turn's name without some characters at its begin."""
        if self._turn is not None:
            self._caption.update(_caption(self._turn, shared))

    def jumps(self) -> Iterator[Jump]:
        """Yield the caption."""
        if self._turn is not None:
            yield Jump(0, 0, partial(self.post_message, self.Picked(self._turn.node)))

    def on_click(self, event: events.Click) -> None:
        """Select this turn."""
        event.stop()
        if self._turn is not None:
            self.post_message(self.Picked(self._turn.node))


def _caption(turn: SiblingScope, shared: int = 0) -> str:
    taken = f"{TAKEN} " if turn.taken else ""
    value = "" if turn.score is None else f"{figures.score(turn.score)} "
    mark = figures.rating(turn.rating)
    return f"{look(turn.state).shape} {taken}{mark}{value}{turn.title[shared:]}"


NAME_CELLS, VALUE_CELLS = 10, 6


def _line(name: str, value: float) -> str:
    return f"{fit(name, NAME_CELLS)} {figures.score(value):>{VALUE_CELLS}}"


class Filmstrip(HorizontalScroll, can_focus=False):
    """All turns, with the chosen one visible; hidden if there is only one."""

    def __init__(self, paths: WorkspacePaths, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._paths = paths
        self._shown: tuple[Sequence[SiblingScope], int] = ((), 0)
        self.display = False

    async def set_turns(self, turns: Sequence[SiblingScope], chosen: int) -> None:
        """Show turns; existing frames are reused."""
        if (turns, chosen) == self._shown:
            return
        self._shown = (turns, chosen)
        self.display = len(turns) > 1
        self.set_class(not any(turn.image or turn.preview for turn in turns), "-words")
        self.set_class(any(turn.lines for turn in turns), "-marked")
        frames = list(self.query(Frame))
        missing = [Frame(self._paths) for _ in range(len(turns) - len(frames))]
        if missing:
            await self.mount(*missing)
        for frame in frames[len(turns) :]:
            await frame.remove()
        for frame, turn in zip([*frames, *missing], turns, strict=False):
            frame.show(turn, chosen=turn.node == chosen)
            frame.seek(is_sought=turn.node == chosen or (turn.taken and not chosen))
        self.call_after_refresh(self._fit_names)

    def on_resize(self) -> None:
        """Fit the names into the new width."""
        self._fit_names()

    def _fit_names(self) -> None:
        """In a single line that is too short, name in full only the first of several alike."""
        turns, _ = self._shown
        captions = sum(cell_len(_caption(turn)) + GAP for turn in turns)
        is_short = self.size.height == 1 and captions > self.size.width
        shared = common_start([turn.title for turn in turns]) if is_short else 0
        for number, frame in enumerate(self.query(Frame)):
            frame.name_without(shared if number else 0)
