"""The dashboard: an app that holds the feed and navigates between screens."""

import importlib
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import constants, on, work
from textual.screen import Screen

from engine.client.engine_process import EngineProcess
from engine.client.views.recipe_info import Headlines
from engine.config.paths import WorkspacePaths
from engine.config.process.pinned_code import code_has_changed
from engine.text.terminal import clean
from tui import theming
from tui.bugs import ReportsBugs, log_bug
from tui.collection import Collection
from tui.feed import Feed, StoreTrouble
from tui.keys import KeysError, key_file, load_keys
from tui.line.pace import LinePace
from tui.notification import notification
from tui.opener import Opener
from tui.screens.batches import BatchesScreen
from tui.screens.core import CoreScreen
from tui.snapshots.header import Header, HeaderView
from tui.snapshots.notices import Notices
from tui.ui_state import UiState, state_file
from tui.waits import Waits
from tui.widgets.bars import engine_words
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows
from tui.working_app import WorkingApp

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver


MAX_TOASTS = 2
"""Maximum number of notifications below the lists."""

UPGRADED = "Safelight was upgraded while this dashboard ran. Restart it to use the new version."

PRELOAD_SECONDS = 0.3
"""Delay after the first image before the next screens are imported, in seconds."""

SETTLED_SECONDS = 3.0
"""Time after which the recipes have been imported too, for the names of their scores."""

SWITCH_SECONDS = 0.001
"""Interval after which the feed's thread yields to a waiting key; Python's own 5 ms are felt."""


class Dashboard(ReportsBugs, WorkingApp):
    """The full-screen dashboard of one workspace.

    Args:
        root: The workspace's folder.
        read_only: True to change nothing.

    Attributes:
        head: State of the engine and the notices, as last read.
        is_new: True while nothing was ever queued in the workspace.
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
        self.is_new = False
        self.trouble: str | None = None
        self.notices = Notices()
        self.keymap: dict[str, str] = {}
        self.remembered = UiState.load(state_file())
        self.head_view = HeaderView(self.paths)
        self.feed = Feed(self.paths, self, self.line.may_repaint, may_upgrade=not read_only)
        self._collection = Collection()
        self._engine = EngineProcess(self.paths, "engine-started-by-dashboard.log")
        self._opener = Opener(
            self.paths, self._opening_failed, partial(self._later, self._show_playing)
        )
        self._wrong: list[str] = []
        self._prepare()
        self._waits = Waits(self.keymap)

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
        self.style_first()

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
        self.set_timer(SETTLED_SECONDS, self._collection.settle)
        self.set_interval(1.0, lambda: self._collection.tick(self.line.since_key()))
        for sentence in self._wrong:
            self.notices.problems.append(clean(sentence, 500))

    @work(thread=True)
    def _preload(self) -> None:
        """Import the next screens, so that the first of them opens as fast as any."""
        try:
            for name in ("batch", "job", "confirm"):
                importlib.import_module(f"tui.screens.{name}")
        finally:
            self._collection.begin()

    def on_unmount(self) -> None:
        """Stop reading, and save the state of the dashboard."""
        self.feed.stop()
        self._opener.stop()
        self.remember()

    def search_themes(self) -> None:
        """Choose a theme from a menu that shows the one under the cursor."""
        from tui.screens.themes import ThemesMenu

        before = self.theme

        def choose(name: str | None) -> None:
            self.theme = name or before

        self.push_screen(ThemesMenu(self.available_themes, before), choose)

    def remember(self) -> None:
        """Save layout, sort, filter and theme."""
        self.remembered.theme = self.theme
        self.remembered.save(state_file())

    @on(StoreTrouble)
    def tell_trouble(self, message: StoreTrouble) -> None:
        """Show the reason why the store cannot be read."""
        self.trouble = self.notices.trouble = message.sentence
        self.is_new = message.is_new
        self._show_notices()
        for screen in self.screen_stack:
            if isinstance(screen, CoreScreen):
                screen.explain()
                screen.paint()

    def report_bug(self, error: BaseException) -> None:
        """Show a bug of background work as a notice, and log it; it ends nothing."""
        sentence = log_bug(error)
        if sentence not in self.notices.problems:
            self.notices.problems.append(sentence)
        self._show_notices()

    def tell_upgrade(self) -> None:
        """Say that Safelight was upgraded under the dashboard; from any thread."""
        self._later(partial(self._tell, f"{UPGRADED} Until then it stays as it is."))

    def _tell(self, sentence: str) -> None:
        self.notices.problems.append(sentence)
        self._show_notices()

    def _fatal_error(self) -> None:
        """End with a sentence in place of a traceback if the installation has changed meanwhile."""
        error = sys.exc_info()[1]
        if error is None or not code_has_changed():
            super()._fatal_error()
            return
        log_bug(error)
        self.panic(Text(UPGRADED))

    def take_head(self, head: Header) -> None:
        """Take the new state of engine and batches; ring the bell for news of batches."""
        told = self.head.news[-1].number if self.head.news else 0
        self.head = head
        self._waits.note(head)
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

    def _look_after_engine(self) -> None:
        if failed := self._engine.failure():
            self.notices.problems.append(clean(failed, 500))
            self._show_notices()

    def leave(self) -> None:
        """End the dashboard, never the engine, and print a last message."""
        self.exit(engine_words(self.head.engine))

    async def action_quit(self) -> None:
        """Quit."""
        self.leave()

    def on_notify(self) -> None:
        """Remove older notifications before another is shown, to keep the lists visible."""
        for screen in self.screen_stack[-1:]:  # there is none any more while the app ends
            screen.set_class(_reads_below(screen), "-toasts-above")
        for older in list(self._notifications)[: 1 - MAX_TOASTS]:
            self._unnotify(older)


def _reads_below(screen: Screen[Any]) -> bool:
    """Return True if the cursor of the focused list is in the lower half of the screen."""
    rows = screen.focused
    if not isinstance(rows, Rows):
        return False
    at = rows.region.y + 1 + rows.cursor - int(rows.scroll_y)
    return at > screen.size.height // 2


def _action_provider() -> "type[Provider]":
    from tui.palette import ActionProvider

    return ActionProvider
