"""An app that navigates: between batches, jobs and views, back and forward, and to whole texts."""

import importlib
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import work
from textual.screen import Screen

from engine.config.paths import WorkspacePaths
from engine.text.terminal import clean
from tui.actions import BY_ID
from tui.copying_app import CopyingApp
from tui.history import History
from tui.screens.filtered import FilteredScreen
from tui.screens.viewed import ViewedScreen
from tui.snapshots.places import Place, PlaceKind, complete

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from tui.snapshots.texts import TextKind, Texts


class NavigatingApp(CopyingApp):
    """An app whose screens lead to each other.

    Attributes:
        paths: Paths of the workspace.
        read_only: True to change nothing.
        keymap: The operator's own keys, by action.
    """

    paths: WorkspacePaths
    read_only: bool
    keymap: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        self._history = History()

    def _say_later(self, sentence: str, severity: "SeverityLevel") -> None:
        """Show a sentence, from any thread."""
        say = partial(self.notify, clean(sentence, 500), severity=severity, markup=False)
        self._later(partial(say, timeout=8))

    def _later(self, do: Callable[[], Any]) -> None:
        """Call a function on the event loop, from any thread; not after the end."""
        if self.is_running:
            self.call_later(do)

    def _open_later(self, open_: Callable[[], Any], is_awaited: Callable[[], bool]) -> None:
        """Open something on the event loop, from any thread, unless it is not awaited any more."""
        self._later(lambda: open_() if is_awaited() else None)

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

    def show_list(self, batch_id: int | None, view: str, name: str = "") -> None:
        """Go back to the list of all batches, or to a batch, in a view: `table` or `sheet`."""
        while len(self.screen_stack) > 1 and not self._is_list(self.screen, batch_id):
            self.pop_screen()
        if batch_id is not None and not self._is_list(self.screen, batch_id):
            self.open_batch(batch_id, name)
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

    def go(self, place: Place) -> None:
        """Go to a place from the list of all batches; its names are read off the event loop."""
        self._read_place(place, self.awaits())

    @work(thread=True, exit_on_error=False, group="go", exclusive=True)
    def _read_place(self, place: Place, is_awaited: Callable[[], bool]) -> None:
        from db.store import Store

        if place.job or place.batch:
            with closing(Store(self.paths.store).reader()) as connection:
                known = complete(connection, place)
            if known is None:
                self._say_later(f"There is no {place.title} any more.", "warning")
                return
            place = known
        self._open_later(partial(self._go, place), is_awaited)

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
            view = "sheet" if place.kind == "sheet" else "table"
            self.show_list(place.batch or None, view, "" if place.job else place.name)

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

    def confirm(self, question: str, then: Callable[[], Any]) -> None:
        """Ask y/n; call `then` on yes."""
        from tui.screens.confirm import ConfirmScreen

        self.push_screen(ConfirmScreen(clean(question, 500)), lambda yes: then() if yes else None)

    def show_help(self, where: str, first: Sequence[str] = ()) -> None:
        """List the actions, some of them first, and run the one that is chosen."""
        from tui.screens.help import HelpScreen

        screen = self.screen

        async def run(action: str | None) -> None:
            if action:
                focused = screen.focused or screen
                node = focused if "sheet" in BY_ID[action].where else screen
                await self.run_action(action, node)

        help_ = HelpScreen(where, self.keymap, read_only=self.read_only, first=first)
        self.push_screen(help_, run)

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
