"""Base of all screens of the dashboard: the bars, the feed, and the actions."""

import sqlite3
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widget import Widget

from db.queries.spending import Spending, Timeline, spending, timeline
from engine.client.actions import action_of
from engine.client.keeping import rating_arguments
from engine.text.terminal import clean
from tui.actions import BY_ID, actions_for
from tui.actions.by_state import footer_actions
from tui.actions.key_names import key_name, keys_of
from tui.feed import Feed, QueryAnswered, SnapshotReady, View
from tui.snapshots.notices import NoticeItem
from tui.snapshots.places import Place
from tui.snapshots.subject import Subject, node_of
from tui.stepping_in import step_in
from tui.widgets.bars import Hosts, KeyBar, Lanes, TopBar
from tui.widgets.notice_line import NoticeLine
from tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices
    from tui.snapshots.copies import Copyable


CHANGED = {
    "E": "E is the engine's menu now: start, stop, restart, stop after what runs.",
    "S": "S no longer stops the engine, E does; in lists it reverses the order.",
    "R": "R no longer restarts the engine: E opens its menu.",
}
"""Sentences about keys that did something else in earlier releases."""


class BaseScreen(Screen[int | None]):
    """A screen with the bars around it and one view of the store.

    Only the types check abstract members: Textual's classes have their own metaclass.

    Attributes:
        WHERE: Its name in the registry of actions.
    """

    WHERE = ""
    AUTO_FOCUS = "Rows"

    _keys_for = ""

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
        for action in footer_actions(self.WHERE, self._keys_for, read_only=app.read_only):
            yield action, key_name(keys_of(action, app.keymap)[0])

    def selected_state(self) -> str:
        """Return the state of what is selected; empty if nothing is, or if it has none."""
        return ""

    @on(Rows.Moved)
    def show_keys(self) -> None:
        """Show the keys that fit the state of what is selected, if it is another one."""
        state = self.selected_state()
        if state != self._keys_for:
            self._keys_for = state
            self.query_one(KeyBar).set_keys(list(self._keys()))

    # -- the feed -----------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Show the present state of the store."""
        self.catch_up()
        if self.is_current and (place := self.place()) is not None:
            self.dashboard.visit(place)

    def catch_up(self) -> None:
        """Read the store for this screen from now on."""
        self.feed.show((self.view, self), (self.dashboard.head_view, self))
        self.show_head(self.dashboard.head)
        self.query_one(TopBar).set_playing(self.dashboard.playing)

    def on_screen_suspend(self) -> None:
        """Stop polling while hidden."""
        self.feed.hide(self)

    @on(SnapshotReady)
    async def take(self, message: SnapshotReady) -> None:
        """Show what was read."""
        if message.view is self.dashboard.head_view:
            self.dashboard.take_head(message.snapshot)
            self.show_head(message.snapshot)
        elif message.view is self.view:
            await self.show(message.snapshot)
            self.show_keys()

    def show_head(self, head: Any) -> None:
        """Show the engine, its lanes, and the notices."""
        self.query_one(TopBar).set_head(head)
        self.query_one(Hosts).set_head(head)
        self.query_one(Lanes).set_head(head)
        self.query_one(NoticeLine).set_head(head)

    # -- actions ------------------------------------------------------------------------------

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

    def action_pause(self) -> None:
        """Pause the targets."""
        self._step_in("pause")

    def action_resume(self) -> None:
        """Resume the targets."""
        self._step_in("resume")

    def action_retry(self) -> None:
        """Retry the targets from the step that failed."""
        self._step_in("retry")

    def action_cancel(self) -> None:
        """Cancel the targets, after asking."""
        self._step_in("cancel")

    def action_front(self) -> None:
        """Move the targets before all others."""
        self._step_in("front")

    def action_raise_priority(self) -> None:
        """Raise the priority."""
        self._step_in("priority", {"change": 1})

    def action_lower_priority(self) -> None:
        """Lower the priority."""
        self._step_in("priority", {"change": -1})

    def _step_in(self, verb: str, arguments: Mapping[str, Any] | None = None) -> None:
        targets, called = self.targets()
        if not targets:
            self.say("Nothing is selected.", bad=True)
            return
        action = action_of(verb)
        if action.destructive:
            send = partial(self.send, verb, targets, arguments or {})
            self.dashboard.confirm(action.question(called), send)
        else:
            self.send(verb, targets, arguments or {})

    @work(thread=True)
    def send(
        self, verb: str, targets: Sequence[Mapping[str, int]], arguments: Mapping[str, Any]
    ) -> None:
        """Run an action in a thread, and show the answer."""
        sentence, refused = step_in(self.dashboard.paths, verb, targets, arguments)
        if (
            action_of(verb).starts_work
            and not refused
            and self.dashboard.head.engine.state == "none"
        ):
            sentence += " No engine runs: E starts one."
        self.app.call_from_thread(self.say, sentence, bad=refused)

    def action_rate(self) -> None:
        """Rate the targets, or the part of a job that is selected."""
        targets, called = self.targets()
        subject = self.subject() if len(targets) == 1 else None
        if not targets:
            self.say("Nothing is selected.", bad=True)
        elif subject is not None and subject.node:
            read = partial(_part_to_rate, subject=subject, targets=targets, called=called)
            self.feed.ask(read, self, "rate")
        else:
            self._rate(targets, called)

    @on(QueryAnswered)
    def rate_part(self, message: QueryAnswered) -> None:
        """Rate a part of a job once its name is known."""
        if message.tag == "rate":
            targets, called, part = message.value
            self._rate(targets, f"{clean(part, 80)} of {called}" if part else called, part)

    def _rate(self, targets: Sequence[Mapping[str, int]], called: str, part: str = "") -> None:
        from tui.screens.keep import RATINGS, KeepScreen, Mark

        def rate(mark: Mark | None) -> None:
            if mark is not None:
                self.send(
                    mark.verb, targets, {**rating_arguments(None, None, part), **mark.arguments}
                )

        self.app.push_screen(KeepScreen(f"Rate {called}", RATINGS, ("rate", "note")), rate)

    def action_back(self) -> None:
        """Go back to the previous screen."""
        self.dismiss()

    def action_outside(self) -> None:
        """Go back: nothing is around what is shown here."""
        self.action_back()

    def action_go_batches(self) -> None:
        """Go back to all batches."""
        self.dashboard.go_batches()

    def action_engine_menu(self) -> None:
        """Show what can be done to the engine."""
        from tui.screens.engine_menu import EngineMenu

        self._announce("E")
        self.app.push_screen(EngineMenu(self.dashboard.head), self._engine_do)

    def _engine_do(self, verb: str | None) -> None:
        """Do what was chosen in the engine's menu, after asking if jobs are stopped by it."""
        if verb is None:
            return
        if verb in {"pause_all", "resume_all", "drain"}:
            self.send(verb, [], {})
        elif action_of(verb).destructive:
            question = action_of(verb).question("").replace(" ?", "?")
            self.dashboard.confirm(question, partial(self.dashboard.engine_do, verb))
        else:
            self.dashboard.engine_do(verb)

    def action_pause_everything(self) -> None:
        """Pause everything, or resume it."""
        self.send("resume_all" if self.dashboard.head.paused else "pause_all", [], {})

    def action_cancel_waiting(self) -> None:
        """Cancel what waits of the targets, after asking."""
        self._step_in("cancel_waiting")

    def on_key(self, event: Key) -> None:
        """Say once that keys of the engine are in its menu now; say why a watcher's do nothing."""
        if self.dashboard.read_only:
            if event.key in self._changing_keys():
                self.say("Read-only: nothing can be changed here.", bad=True)
        elif event.character in {"S", "R"}:
            self._announce(event.character)

    def _changing_keys(self) -> set[str]:
        """Return the keys of this screen that would change something."""
        keymap = self.dashboard.keymap
        writing = (action for action in actions_for(self.WHERE) if action.writes)
        return {key for action in writing for key in keys_of(action, keymap)}

    def _announce(self, key: str) -> None:
        """Say what has become of a key, the first time that it is pressed."""
        keys = self.dashboard.remembered.announced
        if key not in keys:
            keys.append(key)
            self.say(CHANGED[key])

    def spending_of(self) -> int | None:
        """Return the batch whose spending is shown; None for the whole workspace."""
        return None

    def action_spending(self) -> None:
        """Read the spending and show it."""
        batch_id = self.spending_of()
        read = partial(_spending_over_time, batch_id=batch_id)
        self.feed.ask(read, self, "spending")

    @on(QueryAnswered)
    def show_spending(self, message: QueryAnswered) -> None:
        """Show the spending."""
        if message.tag == "spending":
            from tui.screens.spending import SpendingScreen

            batch_id = self.spending_of()
            of = f"b{batch_id}" if batch_id else "all batches"
            self.app.push_screen(SpendingScreen(of, *message.value))

    def subject(self) -> Subject | None:
        """Return the thing under the cursor; None if there is none."""
        targets, _ = self.targets()
        return Subject(**targets[-1]) if targets else None

    def action_view_text(self) -> None:
        """Read the whole texts of the thing under the cursor and show them."""
        from tui.snapshots.texts import read_texts

        if uncopied := self.dashboard.take_uncopied():
            self.dashboard.show_text("not copied", uncopied)
            return
        subject = self.subject()
        if subject is None:
            self.say("Nothing is selected.", bad=True)
        else:
            read = partial(read_texts, subject=subject, paths=self.dashboard.paths)
            self.feed.ask(read, self, "texts")

    @on(QueryAnswered)
    def show_texts(self, message: QueryAnswered) -> None:
        """Show the texts that were read."""
        if message.tag == "texts" and message.value.texts:
            self.dashboard.show_texts(message.value)
        elif message.tag == "texts":
            self.say("There is no text yet.", bad=True)

    def place(self) -> Place | None:
        """Return this place, to come back to; None if it is not one."""
        return None

    def action_go_to(self) -> None:
        """Ask for a place and go there; or run an action."""
        from tui.screens.go import GoScreen

        known = actions_for(self.WHERE, read_only=self.dashboard.read_only)
        actions = [
            Place("action", name=one.title, hint=one.help, action=one.id)
            for one in known
            if one.id != "go_to"
        ]
        self.app.push_screen(GoScreen(self.dashboard.paths.store, actions), self._go_to)

    async def _go_to(self, place: Place | None) -> None:
        if place is not None and place.action:
            await self.run_action(place.action)
        elif place is not None and place.kind == "sheet":
            subject = self.subject()
            self.dashboard.go(replace(place, batch=subject.batch if subject else 0))
        elif place is not None:
            self.dashboard.go(place)

    def action_history_back(self) -> None:
        """Go to the place before this one."""
        self.dashboard.go_in_history(-1)

    def action_history_forward(self) -> None:
        """Go to the place after this one."""
        self.dashboard.go_in_history(+1)

    def action_again(self) -> None:
        """Open the form for the batch or the job under the cursor, to queue it again."""
        subject = self.subject()
        if subject is None:
            self.say("Nothing is selected.", bad=True)
        else:
            called = f"j{subject.job}" if subject.job else f"b{subject.batch}"
            self.dashboard.again(called)

    def action_copy_menu(self) -> None:
        """Read what can be copied of the thing under the cursor."""
        from tui.snapshots.copies import read_copies

        subject, app = self.subject(), self.dashboard
        if subject is None:
            self.say("Nothing is selected.", bad=True)
            return
        read = partial(read_copies, subject=subject, paths=app.paths, headlines=app.headlines)
        self.feed.ask(read, self, "copies")

    @on(QueryAnswered)
    def show_copies(self, message: QueryAnswered) -> None:
        """Show what can be copied, and copy what is chosen."""
        if message.tag != "copies":
            return
        from tui.screens.menu import MenuLine, MenuScreen

        copies: dict[str, Copyable] = {one.key: one for one in message.value}
        lines = [
            MenuLine(one.key, f"{one.name:<29} {clean(one.text, 120)}", one.key)
            for one in copies.values()
        ]

        def copy(key: str | None) -> None:
            if key is not None:
                self.dashboard.copy_to_clipboard(copies[key].text)

        self.app.push_screen(MenuScreen("Copy", lines), copy)

    def action_notice(self) -> None:
        """List the notices, and open the batch of one."""
        from tui.screens.notices import NoticesScreen

        items = self.query_one(NoticeLine).items
        if items:
            self.app.push_screen(NoticesScreen(items, self._put_away), self._open_notice)
        else:
            self.say("Nothing needs you.")

    def _put_away(self, *items: NoticeItem) -> None:
        self.dashboard.notices.put_away(items)
        self.query_one(NoticeLine).set_head(self.dashboard.head)

    def _open_notice(self, item: NoticeItem | None) -> None:
        if item is not None and item.batch is not None:
            self.dashboard.open_batch(item.batch, item.name)
        elif item is not None and item.state == "parked":
            self.dashboard.show_queue(None)

    def action_put_away(self) -> None:
        """Hide the worst notice until it changes."""
        self._put_away(*self.query_one(NoticeLine).items[:1])

    def _notice_keys(self) -> tuple[str, str]:
        """Return the names of the keys that open the notices, and that put the worst away."""
        keymap = self.dashboard.keymap
        hides = self.WHERE in BY_ID["put_away"].where
        names = [key_name(keys_of(BY_ID[id_], keymap)[0]) for id_ in ("notice", "put_away")]
        return names[0], names[1] if hides else ""

    def action_lanes(self) -> None:
        """Show lanes and hosts, and change the concurrency of lanes."""
        from tui.screens.lanes import LanesScreen

        self.app.push_screen(LanesScreen())

    def action_help(self) -> None:
        """List the actions of this screen."""
        self.dashboard.show_help(self.WHERE)

    def action_theme(self) -> None:
        """Change theme."""
        self.app.search_themes()

    def action_command_palette(self) -> None:
        """Find an action by name."""
        self.app.action_command_palette()

    def action_bell(self) -> None:
        """Turn the bell for ended or parked batches on or off."""
        remembered = self.dashboard.remembered
        remembered.bell = not remembered.bell
        when = "when a batch ends or is parked" if remembered.bell else "no more"
        self.say(f"The terminal's bell rings {when}.")

    def action_copy(self) -> None:
        """Copy the id of the selection."""
        targets, _ = self.targets()
        names = [f"{kind[0]}{number}" for target in targets for kind, number in target.items()]
        self.app.copy_to_clipboard(" ".join(names[:1000]))

    def action_stop_playing(self) -> None:
        """Stop the player."""
        self.dashboard.stop_playing()

    async def action_quit(self) -> None:
        """Quit; the engine keeps running."""
        self.dashboard.leave()


def _spending_over_time(
    connection: sqlite3.Connection, batch_id: int | None
) -> tuple[list[Spending], Timeline | None]:
    return spending(connection, batch_id), timeline(connection, batch_id)


def _part_to_rate(
    connection: sqlite3.Connection,
    subject: Subject,
    targets: Sequence[Mapping[str, int]],
    called: str,
) -> tuple[Sequence[Mapping[str, int]], str, str]:
    """Return the targets and their name as they were asked for, and the name of the part."""
    node = node_of(connection, subject)
    return targets, called, node.part if node else ""
