"""The dashboard: an app that holds the feed and navigates between screens."""

import gc
import importlib
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import constants, on, work
from textual.screen import Screen

from db.queries.batches import batch
from db.store import Store
from engine.client.engine_process import EngineProcess
from engine.client.views.recipe_info import Headlines
from engine.config.paths import WorkspacePaths
from engine.text.errors import UserError
from engine.text.terminal import clean, quoted
from tui import theming
from tui.actions import BY_ID
from tui.copying_app import CopyingApp
from tui.feed import Feed, StoreTrouble
from tui.history import History
from tui.keys import KeysError, key_file, load_keys
from tui.line.pace import LinePace
from tui.notification import notification
from tui.opener import Opener
from tui.screens.batches import BatchesScreen
from tui.screens.filtered import FilteredScreen
from tui.screens.viewed import ViewedScreen
from tui.snapshots.header import Header, HeaderView
from tui.snapshots.notices import Notices
from tui.snapshots.places import Place, PlaceKind, complete
from tui.ui_state import UiState, state_file
from tui.widgets.bars import TopBar, engine_words
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver
    from textual.notifications import SeverityLevel

    from engine.client.views.files import OpenableFile
    from tui.snapshots.texts import TextKind, Texts


MAX_TOASTS = 2
"""Maximum number of notifications below the lists."""

PRELOAD_SECONDS = 0.3
"""Delay after the first image before the next screens are imported, in seconds."""

SWITCH_SECONDS = 0.001
"""Interval after which the feed's thread yields to a waiting key; Python's own 5 ms are felt."""


class Dashboard(CopyingApp):
    """The full-screen dashboard of one workspace.

    Args:
        root: The workspace's folder.
        read_only: True to change nothing.

    Attributes:
        head: State of the engine and the notices, as last read.
        trouble: The reason why the store cannot be read, in a sentence.
        line: Speed of the line to the terminal.
    """

    # The first screen's own style sheet is named here: Textual loads those of screens when they
    # are pushed, and the default screen never is.
    CSS_PATH = [Path(__file__).with_suffix(".tcss"), BatchesScreen.CSS_PATH]  # noqa: RUF012
    TITLE = "safelight"
    NOTIFICATION_TIMEOUT = 3
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (140, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-normal-height"), (50, "-tall")]  # noqa: RUF012
    COMMANDS = {lambda: _action_provider()}  # noqa: RUF012, PLW0108 - imported when opened

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        super().__init__()
        self.line = LinePace()
        self.paths = WorkspacePaths(root.absolute())
        self.read_only = read_only
        self.headlines = Headlines()
        self.head = Header()
        self.trouble: str | None = None
        self.notices = Notices()
        self.keymap: dict[str, str] = {}
        self.remembered = UiState.load(state_file())
        self.head_view = HeaderView(self.paths)
        self.feed = Feed(self.paths, self, self.line.may_repaint)
        self._engine = EngineProcess(self.paths, "engine-started-by-dashboard.log")
        self._opener = Opener(
            self.paths, self._opening_failed, partial(self._later, self._show_playing)
        )
        self._wrong: list[str] = []
        self._history = History()
        self._prepare()

    def _prepare(self) -> None:
        try:
            self.keymap = load_keys(key_file())
        except KeysError as error:
            self._wrong.append(str(error))
        try:
            theming.install(self)
        except ValueError as error:
            self._wrong.append(str(error))
        if self.remembered.theme in self.available_themes:
            self.theme = self.remembered.theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colours of the states, for any theme."""
        return theming.variable_defaults()

    def get_driver_class(self) -> "type[Driver]":
        """Return a driver that measures the line, unless `TEXTUAL_DRIVER` names another."""
        if constants.DRIVER is None and sys.platform != "win32":
            from tui.line.driver import LineDriver

            return LineDriver
        return super().get_driver_class()

    def get_default_screen(self) -> Screen[Any]:
        """Return the list of batches."""
        return BatchesScreen()

    def on_load(self) -> None:
        """Give keys precedence over other threads."""
        if not self.is_headless:
            sys.setswitchinterval(SWITCH_SECONDS)

    def on_mount(self) -> None:
        """Start to read."""
        self.set_keymap(self.keymap)
        self.feed.start()
        self.set_interval(1.0, self._look_after_engine)
        self.set_timer(PRELOAD_SECONDS, self._preload)
        for sentence in self._wrong:
            self.notices.problems.append(clean(sentence, 500))

    @work(thread=True)
    def _preload(self) -> None:
        """Import the next screens, so that the first of them opens as fast as any."""
        try:
            for name in ("batch", "job", "confirm"):
                importlib.import_module(f"tui.screens.{name}")
        finally:
            if not gc.isenabled():
                self._collect_only_what_is_new()

    @staticmethod
    def _collect_only_what_is_new() -> None:
        """Exempt modules and style sheets from collection: scanning them takes 100 ms each time."""
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()

    def on_unmount(self) -> None:
        """Stop reading, and save the state of the dashboard."""
        self.feed.stop()
        self._opener.stop()
        self.remember()

    def remember(self) -> None:
        """Save layout, sort, filter and theme."""
        self.remembered.theme = self.theme
        self.remembered.save(state_file())

    @on(StoreTrouble)
    def tell_trouble(self, message: StoreTrouble) -> None:
        """Show the reason why the store cannot be read."""
        self.trouble = self.notices.trouble = message.sentence
        self._show_notices()
        for screen in self.screen_stack:
            if isinstance(screen, BatchesScreen):
                screen.greet(is_new=message.is_new)

    def take_head(self, head: Header) -> None:
        """Take the new state of engine and batches; ring the bell for news of batches."""
        told = self.head.news[-1].number if self.head.news else 0
        self.head = head
        fresh = [news for news in head.news if news.number > told]
        if fresh and self.remembered.bell:
            self.bell()
            self.notify_terminal(fresh[-1].sentence)

    def notify_terminal(self, sentence: str) -> None:
        """Show a sentence as a notification of the terminal, if it is known to have them."""
        sequence = notification(sentence, os.environ)
        if sequence and self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _show_notices(self) -> None:
        for screen in self.screen_stack[-1:]:  # there is none before the first is mounted
            for line in screen.query(NoticeLine):
                line.set_head(self.head)

    # -- screens ------------------------------------------------------------------------------

    def open_batch(self, batch_id: int, name: str = "") -> None:
        """Go to a batch."""
        from tui.screens.batch import BatchScreen

        self.push_screen(BatchScreen(batch_id, name))

    def open_job(self, job_id: int, key: str, part: str = "") -> None:
        """Go to a job, and to a part of it if one is named, as `iteration-2`."""
        from tui.screens.job import JobScreen

        self.push_screen(JobScreen(job_id, key, part))

    def search(self, text: str) -> None:
        """Search all batches for words, and list the jobs that have them."""
        from tui.screens.search import SearchScreen

        is_here = isinstance(self.screen, SearchScreen)
        show = self.switch_screen if is_here else self.push_screen
        show(SearchScreen(text))

    def show_part(self, job_id: int, key: str, node: int) -> None:
        """Go to a part of a job: on its screen if that is open, else on a new one."""
        from tui.screens.job import JobScreen

        below = self.screen_stack[-2] if len(self.screen_stack) > 1 else None
        found = [s for s in (below, self.screen) if isinstance(s, JobScreen) and s.job_id == job_id]
        if found:
            found[0].go_to(node)
        else:
            self.open_job(job_id, key)

    def show_list(self, batch_id: int | None, view: str) -> None:
        """Go back to the list of all batches, or to a batch, in a view: `table` or `sheet`."""
        while len(self.screen_stack) > 1 and not self._is_list(self.screen, batch_id):
            self.pop_screen()
        if batch_id is not None and not self._is_list(self.screen, batch_id):
            self.open_batch(batch_id, self._name_of(batch_id))
        here = self.screen
        if isinstance(here, FilteredScreen) and here.is_mounted:
            here.show_as(view)
        elif isinstance(here, FilteredScreen):
            here.call_after_refresh(here.show_as, view)

    @staticmethod
    def _is_list(screen: Screen[Any], batch_id: int | None) -> bool:
        return isinstance(screen, FilteredScreen) and screen.batch_id == batch_id

    def show_queue(self, batch_id: int | None) -> None:
        """Show the queue, of one batch if given."""
        self._show_view("queue", "QueueScreen", batch_id)

    def show_activity(self, batch_id: int | None) -> None:
        """Show the events, of one batch if given."""
        self._show_view("activity", "ActivityScreen", batch_id)

    def _show_view(self, module: str, name: str, batch_id: int | None) -> None:
        """Show one of the views that are not lists, in place of another."""
        screen = getattr(importlib.import_module(f"tui.screens.{module}"), name)(batch_id)
        here = self.screen
        if isinstance(here, ViewedScreen) and not isinstance(here, FilteredScreen):
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    @work(thread=True, exit_on_error=False, group="go", exclusive=True)
    def go(self, place: Place) -> None:
        """Go to a place from the list of all batches; its names are read off the event loop."""
        if place.job or place.batch:
            with closing(Store(self.paths.store).reader()) as connection:
                known = complete(connection, place)
            if known is None:
                self._say_later(f"There is no {place.title} any more.", "warning")
                return
            place = known
        self._later(partial(self._go, place))

    def _go(self, place: Place) -> None:
        """Show a place; screens that it is not in are left."""
        if place.kind not in {"search", "log"}:
            kind: PlaceKind = "batch" if place.kind == "sheet" and place.batch else place.kind
            self._history.expect(replace(place, kind="list" if kind == "sheet" else kind))
        if place.kind == "search":
            self.search(place.name)
        elif place.kind == "log":
            self.show_log()
        elif place.kind in {"queue", "activity"}:
            show = self.show_queue if place.kind == "queue" else self.show_activity
            show(place.batch or None)
        elif place.job:
            self.show_list(place.batch, "table")
            self.open_job(place.job, place.name)
        else:
            self.show_list(place.batch or None, "sheet" if place.kind == "sheet" else "table")

    def show_log(self) -> None:
        """Show the newest logs of engines."""
        from tui.snapshots.texts import Texts, logs

        if files := tuple(logs(self.paths)):
            self.show_texts(Texts("engine", files))
        else:
            self.notify("No engine has written a log here yet.", markup=False)

    def visit(self, place: Place) -> None:
        """Record a place that is shown now."""
        self._history.visit(place)

    def go_in_history(self, step: int) -> None:
        """Go back or forward among the places that were visited."""
        place = self._history.go(step)
        if place is not None:
            self.go(place)
        else:
            where = "before" if step < 0 else "after"
            self.notify(f"There is no place {where} this one.", markup=False)

    def go_batches(self) -> None:
        """Go back to all batches."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def new_batch(self) -> None:
        """Open the form that queues a batch; ask first if there is no workspace yet."""
        if self.paths.store.exists():
            self._new_batch()
        else:
            self.confirm(
                f"Create a workspace in {self.paths.root.absolute()}?", self._make_workspace
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

    @work(thread=True, exit_on_error=False)
    def again(self, called: str) -> None:
        """Open the form for a batch or a job that is queued again; it is read off the event loop.

        Args:
            called: The batch or the job: `b4`, `j12`.
        """
        from engine.client.workspace import Workspace
        from tui.screens.new_batch import NewBatchScreen

        try:
            request = Workspace(self.paths.root, check_settings=False).read_again(called)
        except UserError as error:
            self._say_later(str(error), "warning")
        else:
            screen = partial(NewBatchScreen, self.paths.root, again=request)
            self._later(lambda: self.push_screen(screen(), self._queued))

    @work(thread=True, exit_on_error=False)
    def _make_workspace(self) -> None:
        from engine.client.workspace import Workspace

        try:
            Workspace(self.paths.root, create=True, check_settings=False)
        except Exception as error:  # noqa: BLE001 - any error is shown to the operator
            self.call_from_thread(self.notify, clean(str(error), 500), markup=False)
        else:
            self.call_from_thread(self._new_batch)

    def _queued(self, batch_id: int | None) -> None:
        if batch_id is None:
            return
        self.feed.wake()
        said = f"Queued b{batch_id}. It is called {quoted(self._name_of(batch_id))}."
        if self.head.engine.state == "none":
            said += " Press E to start an engine."
        self.notify(said, markup=False)

    def _name_of(self, batch_id: int) -> str:
        """Return the batch's name, which differs from the requested one if that was taken."""
        with closing(Store(self.paths.store).reader()) as connection:
            found = batch(connection, batch_id)
        return found.name if found else ""

    def confirm(self, question: str, then: Callable[[], Any]) -> None:
        """Ask y/n; call `then` on yes."""
        from tui.screens.confirm import ConfirmScreen

        self.push_screen(ConfirmScreen(clean(question, 500)), lambda yes: then() if yes else None)

    def show_help(self, where: str) -> None:
        """List the actions, and run the one that is chosen."""
        from tui.screens.help import HelpScreen

        screen = self.screen

        async def run(action: str | None) -> None:
            if action:
                focused = screen.focused or screen
                node = focused if "sheet" in BY_ID[action].where else screen
                await self.run_action(action, node)

        self.push_screen(HelpScreen(where, self.keymap, read_only=self.read_only), run)

    def show_texts(self, texts: "Texts") -> None:
        """Show whole texts, with search."""
        from tui.screens.text import TextScreen

        self.push_screen(TextScreen(texts))

    def show_text(self, title: str, text: str, kind: "TextKind" = "text") -> None:
        """Show one whole text, with search.

        Args:
            title: Its name, cleaned.
            text: The text; it is cleaned.
            kind: `json` is formatted, `log` is coloured.
        """
        from tui.snapshots.texts import Texts, WholeText

        self.show_texts(Texts(title, (WholeText("text", text, kind),)))

    # -- the engine ---------------------------------------------------------------------------

    @work(thread=True, exclusive=True, group="engine")
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

    def _look_after_engine(self) -> None:
        if failed := self._engine.failure():
            self.notices.problems.append(clean(failed, 500))
            self._show_notices()

    # -- files --------------------------------------------------------------------------------

    @property
    def playing(self) -> str:
        """Return the name of the file that plays; empty if none does."""
        return self._opener.playing

    @work(thread=True, group="open")
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

        label = (f"j{job_id}", file.part or file.name)
        opened = OpenedFile(label, file.file.kind, file.file.media_type, file.file.hash)
        try:
            if sentence := self._opener.open(opened, instead=instead, start=start):
                self._say_later(sentence, "information")
        except UserError as error:
            self._say_later(str(error), "warning")

    @work(thread=True, group="open")
    def stop_playing(self) -> None:
        """Stop the player, off the event loop."""
        self._say_later("Stopped." if self._opener.stop() else "Nothing plays.", "information")

    def _opening_failed(self, sentence: str) -> None:
        self._say_later(sentence, "warning")

    def _say_later(self, sentence: str, severity: "SeverityLevel") -> None:
        say = partial(self.notify, clean(sentence, 500), severity=severity, markup=False)
        self._later(partial(say, timeout=8))

    def _later(self, do: Callable[[], Any]) -> None:
        """Call a function on the event loop, from any thread; not after the end."""
        if self.is_running:
            self.call_later(do)

    def _show_playing(self) -> None:
        for screen in self.screen_stack:
            for bar in screen.query(TopBar):
                bar.set_playing(self.playing)

    def leave(self) -> None:
        """End the dashboard, never the engine, and print a last message."""
        self.exit(engine_words(self.head.engine))

    async def action_quit(self) -> None:
        """Quit."""
        self.leave()

    def on_notify(self) -> None:
        """Remove older notifications before another is shown, to keep the lists visible."""
        self.screen.set_class(self._reads_below(), "-toasts-above")
        for older in list(self._notifications)[: 1 - MAX_TOASTS]:
            self._unnotify(older)

    def _reads_below(self) -> bool:
        """Return True if the cursor of the focused list is in the lower half of the screen."""
        rows = self.screen.focused
        if not isinstance(rows, Rows):
            return False
        at = rows.region.y + 1 + rows.cursor - int(rows.scroll_y)
        return at > self.screen.size.height // 2


def _action_provider() -> "type[Provider]":
    from tui.palette import ActionProvider

    return ActionProvider
