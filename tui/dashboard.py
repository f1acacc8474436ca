"""The part of the dashboard that its screens use, so that no screen imports the app."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.client.views.files import OpenableFile
    from engine.client.views.recipe_info import Headlines
    from engine.config.paths import WorkspacePaths
    from tui.feed import Feed
    from tui.snapshots.header import Header, HeaderView
    from tui.snapshots.notices import Notices
    from tui.snapshots.places import Place
    from tui.snapshots.texts import TextKind, Texts
    from tui.ui_state import UiState


class DashboardServices(Protocol):
    """State and navigation that all screens share; `tui.app.Dashboard` provides them.

    Attributes:
        paths: Folders of the workspace.
        read_only: True if nothing may be changed.
        keymap: The operator's own keys, by action.
        remembered: Theme, layout, sort and filters of the last run.
        headlines: Headlines of the recipes.
        feed: Reader of the store.
        head: State of engine, lanes and hosts, as last read.
        head_view: The view that reads it.
        trouble: The reason why the store cannot be read; None if it can.
        is_new: True while nothing was ever queued in the workspace.
        notices: What needs an operator, and news.
    """

    paths: "WorkspacePaths"
    read_only: bool
    keymap: dict[str, str]
    remembered: "UiState"
    headlines: "Headlines"
    feed: "Feed"
    head: "Header"
    head_view: "HeaderView"
    trouble: str | None
    is_new: bool
    notices: "Notices"

    def awaits(self) -> Callable[[], bool]:
        """Return a function that is true until a key, a click, or another screen comes."""
        ...

    @property
    def playing(self) -> str:
        """The name of the file that plays; empty if none does."""
        ...

    def take_head(self, head: "Header") -> None:
        """Take a new state of the engine, and report events of batches."""
        ...

    def report_bug(self, error: BaseException) -> None:
        """Show a bug of background work, and log it."""
        ...

    def open_batch(self, batch_id: int, name: str = "") -> None:
        """Go to a batch."""
        ...

    def open_job(self, job_id: int, key: str, part: str = "") -> None:
        """Go to a job, and to a part of it if one is named, as `iteration-2`."""
        ...

    def search(self, text: str) -> None:
        """Search all batches for words, and list the jobs that have them."""
        ...

    def show_part(self, job_id: int, key: str, node: int) -> None:
        """Go to a part of a job: on its screen if that is open, else on a new one."""
        ...

    def show_list(self, batch_id: int | None, view: str, name: str = "") -> None:
        """Go back to the list of all batches, or to a batch, in a view: `table` or `sheet`."""
        ...

    def show_queue(self, batch_id: int | None) -> None:
        """Show the queue, of one batch if given."""
        ...

    def show_activity(self, batch_id: int | None) -> None:
        """Show the events, of one batch if given."""
        ...

    def go(self, place: "Place") -> None:
        """Go to a place."""
        ...

    def visit(self, place: "Place") -> None:
        """Record a place that is shown now."""
        ...

    def go_in_history(self, step: int) -> None:
        """Go back or forward among the places that were visited."""
        ...

    def go_batches(self) -> None:
        """Go back to all batches."""
        ...

    def new_batch(self) -> None:
        """Open the form that queues a batch."""
        ...

    def paint_demo(self) -> None:
        """Queue the example prompts and start an engine, off the event loop."""
        ...

    def again(self, called: str) -> None:
        """Open the form for a batch or a job that is queued again: `b4`, `j12`."""
        ...

    def confirm(self, question: str, then: Callable[[], Any]) -> None:
        """Ask a question, and call `then` on yes."""
        ...

    def show_help(self, where: str, first: Sequence[str] = ()) -> None:
        """List the actions of a screen, some of them first, and run the one that is chosen."""
        ...

    def answer(self, sentence: str, *, bad: bool = False, starts_work: bool = False) -> None:
        """Show the answer to a key; of work that it asked for, what that waits for.

        Args:
            sentence: The answer.
            bad: True if something was refused.
            starts_work: True if an engine has something to do now.
        """
        ...

    def engine_do(self, verb: str) -> None:
        """Start, stop or restart the engine, off the event loop."""
        ...

    def open_file(
        self, job_id: int, file: "OpenableFile", *, instead: bool = False, start: float = 0.0
    ) -> None:
        """Open a file of a job in a viewer or a player, off the event loop.

        Args:
            job_id: The job.
            file: The file.
            instead: True to play it from where another one is heard; nothing if none is.
            start: Seconds at which a player starts, if it can.
        """
        ...

    def show_texts(self, texts: "Texts") -> None:
        """Show whole texts, with search."""
        ...

    def show_text(self, title: str, text: str, kind: "TextKind" = "text") -> None:
        """Show one whole text, with search."""
        ...

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a cleaned text; say so, or why that is doubtful."""
        ...

    def take_uncopied(self) -> str:
        """Return the text whose copy was doubtful, once; empty if there is none."""
        ...

    def stop_playing(self) -> None:
        """Stop the player."""
        ...

    def leave(self) -> None:
        """End the dashboard, never the engine."""
        ...
