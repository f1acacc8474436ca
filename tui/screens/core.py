"""Core of all screens of the dashboard: the bars, the feed, the selection, sentences."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget

from engine.text.terminal import clean
from tui.actions import BY_ID, actions_for
from tui.actions.by_state import footer_actions
from tui.actions.key_names import key_name, keys_of
from tui.bugs import ReportsBugs
from tui.feed import Feed, Read, SnapshotReady, View
from tui.screens.whole import WholeScreen
from tui.snapshots.places import Place
from tui.snapshots.subject import Subject
from tui.widgets.bars import Hosts, KeyBar, Lanes, TopBar
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices


NOTHING_QUEUED = "Nothing has been queued in this workspace yet. esc goes back; n there queues."


class CoreScreen(ReportsBugs, WholeScreen, Screen[int | None]):
    """A screen with the bars around it and one view of the store.

    Only the types check abstract members: Textual's classes have their own metaclass.

    Attributes:
        WHERE: Its name in the registry of actions.
    """

    WHERE = ""
    AUTO_FOCUS = "Rows"

    _keys_for = ("", False)

    @property
    def dashboard(self) -> "DashboardServices":
        """The app."""
        return cast("DashboardServices", self.app)

    @property
    def feed(self) -> Feed:
        """Reader of the store."""
        return self.dashboard.feed

    @property
    @abstractmethod
    def view(self) -> View:
        """View of the store for this screen."""

    def compose(self) -> ComposeResult:
        """Compose the bars, with the screen's content between them."""
        yield TopBar()
        yield NoticeLine(self.dashboard.notices, self._notice_keys())
        yield from self.compose_body()
        yield Hosts()
        yield Lanes()
        yield KeyBar(list(self._keys()))

    @abstractmethod
    def compose_body(self) -> Iterator[Widget]:
        """Compose the content between the bars."""

    @abstractmethod
    async def show(self, snapshot: Any) -> None:
        """Show a snapshot of the view."""

    @abstractmethod
    def targets(self) -> tuple[list[dict[str, int]], str]:
        """Return the selection: targets of a command, and their names."""

    def _keys(self) -> Iterator[tuple[Any, str]]:
        app = self.dashboard
        state, lone = self._keys_for
        for action in footer_actions(self.WHERE, state, read_only=app.read_only, lone=lone):
            yield action, key_name(keys_of(action, app.keymap)[0])

    def selected_state(self) -> str:
        """Return the state of what is selected, or why nothing is; empty if it has none."""
        return ""

    def is_lone(self) -> bool:
        """Return True if there are no two rows to compare or to sort."""
        return False

    @on(Rows.Moved)
    def show_keys(self) -> None:
        """Show the keys that fit the state of what is selected, if it is another one."""
        present = self.selected_state(), self.is_lone()
        if present != self._keys_for:
            self._keys_for = present
            self.query_one(KeyBar).set_keys(list(self._keys()))

    def on_screen_resume(self) -> None:
        """Show the present state of the store; a screen that is passed is no place visited.

        Textual takes a screen for current too below one whose styles have not been applied.
        """
        self.catch_up()
        if self.app.screen is self and (place := self.place()) is not None:
            self.dashboard.visit(place)

    def catch_up(self) -> None:
        """Read the store for this screen from now on."""
        self.feed.show((self.view, self), (self.dashboard.head_view, self))
        self.show_head(self.dashboard.head)
        self.query_one(TopBar).set_playing(self.dashboard.playing)
        self.explain()

    def explain(self) -> None:
        """Show in the list why there is nothing to see: nothing was queued, or nothing is read."""
        for rows in self.query(Rows)[:1]:
            rows.set_notice(
                self.dashboard.trouble or (self.greeting() if self.dashboard.is_new else "")
            )
            if self.dashboard.is_new:
                self.show_keys()

    def greeting(self) -> str:
        """Return the text of the list while nothing was ever queued in the workspace."""
        return NOTHING_QUEUED

    def on_screen_suspend(self) -> None:
        """Stop polling while hidden."""
        self.feed.hide(self)

    @on(SnapshotReady)
    async def take(self, message: SnapshotReady) -> None:
        """Show what was read."""
        if message.view is self.dashboard.head_view:
            self.dashboard.take_head(message.snapshot)
            self.show_head(message.snapshot)
        elif message.view is self.view and not self.feed.is_late(message):
            await self.show(message.snapshot)
            self.show_keys()
            self.paint()

    def show_head(self, head: Any) -> None:
        """Show the engine, its lanes, and the notices."""
        self.query_one(TopBar).set_head(head)
        self.query_one(Hosts).set_head(head)
        self.query_one(Lanes).set_head(head)
        self.query_one(NoticeLine).set_head(head)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide all actions that change anything if read-only."""
        known = BY_ID.get(action)
        return not (known and known.writes and self.dashboard.read_only)

    @on(TopBar.Pressed)
    def go_to_crumb(self, message: TopBar.Pressed) -> None:
        """Go back to a screen whose crumb was clicked."""
        while len(self.app.screen_stack) > message.depth + 1:
            self.app.pop_screen()

    @on(KeyBar.Pressed)
    async def do_pressed(self, message: KeyBar.Pressed) -> None:
        """Run the action that was clicked in the footer."""
        await self.run_action(message.action.id)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Show a notification for some seconds."""
        severity = "warning" if bad else "information"
        self.notify(clean(sentence, 500), severity=severity, markup=False)  # type: ignore[arg-type]

    def ask(self, read: Read, then: Callable[[Any], object]) -> None:
        """Read something of the store, and call `then` with it, which shows or opens it.

        It is forgotten if a key, a click, or another screen comes before the answer.
        """
        is_awaited = self.dashboard.awaits()

        def answer(value: Any) -> None:
            if is_awaited():
                then(value)

        self.feed.ask(read, self, answer)

    def confirm(
        self, question: str, then: Callable[[], Any], over: Screen[Any] | None = None
    ) -> None:
        """Ask y/n about what an operator has chosen or entered; do not ask on another screen.

        Args:
            question: The question.
            then: Called on yes.
            over: Screen above this one in which it was entered; None if there is none.
        """
        if (over or self).is_current:
            self.dashboard.confirm(question, then)
        else:
            self.say_unasked(question)

    def say_unasked(self, question: str) -> None:
        """Say that nothing was done, as the operator had gone on before a question was asked."""
        self.say(f"Nothing was done: you had left before this was asked. {question}", bad=True)

    def on_key(self, event: Key) -> None:
        """Say why a watcher's keys do nothing."""
        if self.dashboard.read_only and event.key in self._changing_keys():
            self.say("Read-only: nothing can be changed here.", bad=True)

    def _changing_keys(self) -> set[str]:
        """Return the keys of this screen that would change something."""
        keymap = self.dashboard.keymap
        writing = (action for action in actions_for(self.WHERE) if action.writes)
        return {key for action in writing for key in keys_of(action, keymap)}

    def spending_of(self) -> int | None:
        """Return the batch whose spending is shown; None for the whole workspace."""
        return None

    def subject(self) -> Subject | None:
        """Return the thing under the cursor; None if there is none."""
        targets, _ = self.targets()
        return Subject(**targets[-1]) if targets else None

    def place(self) -> Place | None:
        """Return this place, to come back to; None if it is not one."""
        return None

    def _notice_keys(self) -> tuple[str, str]:
        """Return the names of the keys that open the notices, and that put the worst away."""
        keymap = self.dashboard.keymap
        hides = self.WHERE in BY_ID["put_away"].where
        names = [key_name(keys_of(BY_ID[id_], keymap)[0]) for id_ in ("notice", "put_away")]
        return names[0], names[1] if hides else ""
