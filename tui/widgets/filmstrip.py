"""Scopes that follow each other, such as iterations, side by side: picture, name, score."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import HorizontalScroll, Vertical
from textual.message import Message
from textual.widgets import Static

from engine.paths import WorkspacePaths
from tui import figures
from tui.states import look
from tui.stored import stored_file
from tui.views.job import Turn
from tui.widgets.picture import Picture


class Frame(Vertical):
    """One turn: its caption, and its picture where there is room."""

    class Picked(Message):
        """A turn was clicked."""

        def __init__(self, node: int) -> None:
            super().__init__()
            self.node = node

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._turn: Turn | None = None

    def compose(self) -> ComposeResult:
        """Caption and picture."""
        yield Static(markup=False)
        yield Picture()

    def show(self, turn: Turn, *, chosen: bool) -> None:
        """Shows a turn."""
        self.set_class(chosen, "-chosen")
        if turn == self._turn:
            return
        self._turn = turn
        value = "" if turn.score is None else figures.score(turn.score)
        self.query_one(Static).update(f"{look(turn.state).shape} {turn.title}  {value}")
        self.query_one(Picture).show(stored_file(self._paths, turn.picture), turn.picture)

    def on_click(self, event: events.Click) -> None:
        """Picks this turn."""
        event.stop()
        if self._turn is not None:
            self.post_message(self.Picked(self._turn.node))


class Filmstrip(HorizontalScroll, can_focus=False):
    """All turns, the chosen one in sight; hidden where there is but one."""

    def __init__(self, paths: WorkspacePaths) -> None:
        super().__init__()
        self._paths = paths
        self._shown: tuple[Sequence[Turn], int] = ((), 0)
        self.display = False

    async def set_turns(self, turns: Sequence[Turn], chosen: int) -> None:
        """Shows turns; the frames that are there are used again."""
        if (turns, chosen) == self._shown:
            return
        self._shown = (turns, chosen)
        self.display = len(turns) > 1
        frames = list(self.query(Frame))
        missing = [Frame(self._paths) for _ in range(len(turns) - len(frames))]
        if missing:
            await self.mount(*missing)
        for frame in frames[len(turns) :]:
            await frame.remove()
        for frame, turn in zip([*frames, *missing], turns, strict=False):
            frame.show(turn, chosen=turn.node == chosen)
            if turn.node == chosen:
                self.scroll_to_widget(frame, animate=False)
