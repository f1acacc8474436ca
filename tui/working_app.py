"""An app that queues batches, starts and stops the engine, and opens files in other programs."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from textual import work

from engine.client.engine_process import EngineProcess
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted
from tui.feed import Feed
from tui.links import linked
from tui.navigating_app import NavigatingApp
from tui.opener import Opener
from tui.snapshots.header import Header
from tui.waits import Waits
from tui.widgets.bars import TopBar

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from engine.client.opening.errors import CannotOpen
    from engine.client.views.files import OpenableFile


WAIT_SECONDS = 8.0
"""Seconds for which an answer with what its work waits for is shown: two sentences."""

LINK_SECONDS = 20.0
"""Seconds for which a link to a file is shown."""


class WorkingApp(NavigatingApp):
    """An app that has work done by the engine and by other programs, off its event loop.

    Attributes:
        feed: Reader of the store.
        head: State of the engine, as last read.
    """

    feed: Feed
    head: Header
    _engine: EngineProcess
    _opener: Opener
    _waits: Waits

    def new_batch(self) -> None:
        """Open the form that queues a batch; ask first if there is no workspace yet."""
        if self.paths.store.exists():
            self._new_batch()
        else:
            self.confirm(
                f"Create a workspace in {self.paths.root.absolute()}?",
                lambda: self._make_workspace(self.awaits()),
            )

    def _new_batch(self) -> None:
        from tui.screens.new_batch import NewBatchScreen

        self.push_screen(NewBatchScreen(self.paths.root), self._queued)

    @work(thread=True, exclusive=True, group="engine", exit_on_error=False)
    def paint_demo(self) -> None:
        """Queue the example prompts and start an engine, off the event loop."""
        from engine.client.demo import queue_demo

        try:
            batch = queue_demo(self.paths.root)
            sentence = f"Queued {batch}. {self._engine_do('start')}"
        except Exception as error:  # noqa: BLE001 - any error is shown to the operator
            sentence = str(error)
        self._say_later(sentence, "information")
        self.feed.wake()

    def again(self, called: str) -> None:
        """Open the form for a batch or a job that is queued again; it is read off the event loop.

        Args:
            called: The batch or the job: `b4`, `j12`.
        """
        self._read_again(called, self.awaits())

    @work(thread=True, exit_on_error=False)
    def _read_again(self, called: str, is_awaited: Callable[[], bool]) -> None:
        from engine.client.workspace import Workspace
        from tui.screens.new_batch import NewBatchScreen

        try:
            request = Workspace(self.paths.root, check_settings=False).read_again(called)
        except UserError as error:
            self._say_later(str(error), "warning")
        else:
            screen = partial(NewBatchScreen, self.paths.root, again=request)
            self._open_later(lambda: self.push_screen(screen(), self._queued), is_awaited)

    @work(thread=True, exit_on_error=False)
    def _make_workspace(self, is_awaited: Callable[[], bool]) -> None:
        from engine.client.workspace import Workspace

        try:
            Workspace(self.paths.root, create=True, check_settings=False)
        except Exception as error:  # noqa: BLE001 - any error is shown to the operator
            self.call_from_thread(self.notify, clean(str(error), 500), markup=False)
        else:
            self._open_later(self._new_batch, is_awaited)

    def _queued(self, batch_id: int | None) -> None:
        if batch_id is not None:
            self.feed.wake()
            self._say_queued(batch_id)

    @work(thread=True, exit_on_error=False)
    def _say_queued(self, batch_id: int) -> None:
        """Say how the batch is called: by another name than requested if that was taken."""
        from db.queries.batches import batch
        from db.store import Store

        with closing(Store(self.paths.store).reader()) as connection:
            row = batch(connection, batch_id)
        sentence = f"Queued b{batch_id}. It is called {quoted(row.name if row else '')}."
        self._later(partial(self.answer, sentence, starts_work=True))

    # -- the engine ---------------------------------------------------------------------------

    def answer(self, sentence: str, *, bad: bool = False, starts_work: bool = False) -> None:
        """Show the answer to a key; of work that it asked for, what that waits for.

        Args:
            sentence: The answer.
            bad: True if something was refused.
            starts_work: True if an engine has something to do now.
        """
        waits = self._waits.sentence(self.head) if starts_work else ""
        text, timeout = clean(f"{sentence} {waits}".rstrip(), 500), WAIT_SECONDS if waits else None
        severity: SeverityLevel = "warning" if bad else "information"
        self.notify(text, severity=severity, markup=False, timeout=timeout)

    @work(thread=True, exclusive=True, group="engine", exit_on_error=False)
    def engine_do(self, verb: str) -> None:
        """Start, stop or restart the engine, off the event loop."""
        try:
            sentence = self._engine_do(verb)
        except Exception as error:  # noqa: BLE001 - any error is shown to the operator
            sentence = str(error)
        self.call_from_thread(self.notify, clean(sentence, 500), markup=False)
        self.feed.wake()

    def _engine_do(self, verb: str) -> str:
        if verb == "stop":
            pid, _ = self._engine.stop()
            return f"Stopping the engine, pid {pid}: calls in flight may finish first."
        if not self.paths.store.exists():
            return "There is nothing to do yet: queue a batch first (n)."
        pid = self._engine.restart() if verb == "restart" else self._engine.start()
        return f"Starting an engine, pid {pid}. It keeps running when you leave."

    # -- files --------------------------------------------------------------------------------

    @property
    def playing(self) -> str:
        """Return the name of the file that plays; empty if none does."""
        return self._opener.playing

    @work(thread=True, group="open", exit_on_error=False)
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
        from engine.client.opening.copies import OpenedFile
        from engine.client.opening.errors import CannotOpen

        label = (f"j{job_id}", file.part or file.name)
        opened = OpenedFile(label, file.file.kind, file.file.media_type, file.file.hash)
        try:
            if sentence := self._opener.open(opened, instead=instead, start=start):
                self._say_later(sentence, "information")
        except CannotOpen as error:
            self._later(partial(self._say_unopened, error))
        except UserError as error:
            self._say_later(str(error), "warning")

    def _say_unopened(self, error: "CannotOpen") -> None:
        """Show why a file cannot be opened; its path is a link, to be opened by the terminal."""
        if error.path is None:
            self.notify(clean(str(error), 500), severity="warning", markup=False, timeout=8)
        else:
            text = linked(str(error), error.path)
            self.notify(text, severity="warning", timeout=LINK_SECONDS)

    @work(thread=True, group="open", exit_on_error=False)
    def stop_playing(self) -> None:
        """Stop the player, off the event loop."""
        self._say_later("Stopped." if self._opener.stop() else "Nothing plays.", "information")

    def _opening_failed(self, sentence: str) -> None:
        self._say_later(sentence, "warning")

    def _show_playing(self) -> None:
        for screen in self.screen_stack:
            for bar in screen.query(TopBar):
                bar.set_playing(self.playing)
