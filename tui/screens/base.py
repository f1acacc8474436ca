"""What all screens of the dashboard have in common: the bars, the feed, and stepping in."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from db.queries.spending import spending
from engine.client.actions import action_of
from engine.text.terminal import clean
from tui.actions import BY_ID, actions_for, key_name, keys_of
from tui.feed import Feed, QueryAnswered, SnapshotReady, View
from tui.stepping_in import step_in
from tui.widgets.bars import Banner, Hosts, KeyBar, Lanes, TopBar

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices


class BaseScreen(Screen[None]):
    """A screen with the bars around it, that shows one view of the store.

    What is abstract is checked by the types alone: Textual's classes have a metaclass of their own.

    Attributes:
        WHERE: Its name in the registry of actions.
    """

    WHERE = ""
    AUTO_FOCUS = "Rows"

    @property
    def dashboard(self) -> "DashboardServices":
        """The app."""
        return cast("DashboardServices", self.app)

    @property
    def feed(self) -> Feed:
        """What reads the store."""
        return self.dashboard.feed

    @property
    @abstractmethod
    def view(self) -> View:
        """What this screen shows of the store."""

    def compose(self) -> ComposeResult:
        """The bars, with the screen's own between them."""
        yield TopBar()
        yield Banner(self.dashboard.notice)
        yield from self.compose_body()
        yield Hosts()
        yield Lanes()
        yield KeyBar(list(self._keys()))

    @abstractmethod
    def compose_body(self) -> Iterator[Widget]:
        """What is between the bars."""

    @abstractmethod
    async def show(self, snapshot: Any) -> None:
        """Shows a snapshot of the view."""

    @abstractmethod
    def targets(self) -> tuple[list[dict[str, int]], str]:
        """What the operator means: targets of a command, and what they are called."""

    def _keys(self) -> Iterator[tuple[Any, str]]:
        app = self.dashboard
        shown = [a for a in actions_for(self.WHERE, read_only=app.read_only) if a.footer]
        for action in sorted(shown, key=lambda a: a.footer or 0):
            yield action, key_name(keys_of(action, app.keymap)[0])

    # -- the feed -----------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        """Shows what the store says now."""
        self.feed.show((self.view, self), (self.dashboard.head_view, self))
        self.query_one(Banner).catch_up(self.dashboard.trouble, self.dashboard.head)
        self.show_head(self.dashboard.head)

    def on_screen_suspend(self) -> None:
        """Nothing is read for what is not seen."""
        self.feed.hide(self)

    @on(SnapshotReady)
    async def take(self, message: SnapshotReady) -> None:
        """Shows what has been read."""
        if message.view is self.dashboard.head_view:
            self.dashboard.take_head(message.snapshot)
            self.show_head(message.snapshot)
        elif message.view is self.view:
            await self.show(message.snapshot)

    def show_head(self, head: Any) -> None:
        """Shows the engine, its lanes, and what waits."""
        self.query_one(TopBar).set_head(head)
        self.query_one(Hosts).set_head(head)
        self.query_one(Lanes).set_head(head)
        self.query_one(Banner).set_head(head)

    # -- actions ------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing that changes anything is there while only watching."""
        known = BY_ID.get(action)
        return not (known and known.writes and self.dashboard.read_only)

    @on(TopBar.Pressed)
    def go_to_crumb(self, message: TopBar.Pressed) -> None:
        """Goes back to a screen whose crumb was clicked."""
        while len(self.app.screen_stack) > message.depth + 1:
            self.app.pop_screen()

    @on(KeyBar.Pressed)
    async def do_pressed(self, message: KeyBar.Pressed) -> None:
        """Does what was clicked in the footer."""
        await self.run_action(message.action.id)

    def say(self, sentence: str, *, bad: bool = False) -> None:
        """Shows a sentence for some seconds."""
        severity = "warning" if bad else "information"
        self.notify(clean(sentence, 500), severity=severity, markup=False)  # type: ignore[arg-type]

    def action_pause(self) -> None:
        """Lets the targets wait."""
        self._step_in("pause")

    def action_resume(self) -> None:
        """Lets them go on."""
        self._step_in("resume")

    def action_retry(self) -> None:
        """Goes on from what failed."""
        self._step_in("retry")

    def action_cancel(self) -> None:
        """Ends them, after asking."""
        self._step_in("cancel")

    def action_raise_priority(self) -> None:
        """Their turn comes sooner."""
        self._step_in("priority", {"change": 1})

    def action_lower_priority(self) -> None:
        """Their turn comes later."""
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
        """Have an action done, in a thread, and show the answer."""
        sentence, refused = step_in(self.dashboard.paths, verb, targets, arguments)
        if (
            action_of(verb).starts_work
            and not refused
            and self.dashboard.head.engine.state == "none"
        ):
            sentence += " No engine runs: E starts one."
        self.app.call_from_thread(self.say, sentence, bad=refused)

    def action_back(self) -> None:
        """Back to the screen before."""
        self.dismiss()

    def action_go_batches(self) -> None:
        """Back to all batches."""
        self.dashboard.go_batches()

    def action_engine_start(self) -> None:
        """Starts an engine."""
        self.dashboard.engine_do("start")

    def action_engine_stop(self) -> None:
        """Stops the engine, after asking."""
        self._confirm_engine("stop")

    def action_engine_restart(self) -> None:
        """Stops the engine and starts another, after asking."""
        self._confirm_engine("restart")

    def _confirm_engine(self, verb: str) -> None:
        engine_do = partial(self.dashboard.engine_do, verb)
        self.dashboard.confirm(action_of(verb).question("").replace(" ?", "?"), engine_do)

    def spending_of(self) -> int | None:
        """The batch whose spending is shown; None for the whole workspace."""
        return None

    def action_spending(self) -> None:
        """Shows what was spent, on whom and for what."""
        batch_id = self.spending_of()
        self.feed.ask(partial(spending, batch_id=batch_id), self, "spending")

    @on(QueryAnswered)
    def show_spending(self, message: QueryAnswered) -> None:
        """Shows what was spent."""
        if message.tag == "spending":
            from tui.screens.spending import SpendingScreen

            batch_id = self.spending_of()
            of = f"b{batch_id}" if batch_id else "all batches"
            self.app.push_screen(SpendingScreen(of, message.value))

    def action_notice(self) -> None:
        """Opens what waits for the operator in full, puts it away, shows it again."""
        self.query_one(Banner).next()

    def action_lanes(self) -> None:
        """Shows lanes and hosts, and lets lanes be made wider or narrower."""
        from tui.screens.lanes import LanesScreen

        self.app.push_screen(LanesScreen())

    def action_help(self) -> None:
        """Shows what can be done here."""
        self.dashboard.show_help(self.WHERE)

    def action_theme(self) -> None:
        """Another theme."""
        self.app.search_themes()

    def action_command_palette(self) -> None:
        """Finds an action by its name."""
        self.app.action_command_palette()

    def action_bell(self) -> None:
        """Rings when a batch ends or is parked, or never."""
        remembered = self.dashboard.remembered
        remembered.bell = not remembered.bell
        when = "when a batch ends or is parked" if remembered.bell else "no more"
        self.say(f"The terminal's bell rings {when}.")

    def action_copy(self) -> None:
        """Copies the id of what is selected."""
        targets, _ = self.targets()
        names = [f"{kind[0]}{number}" for target in targets for kind, number in target.items()]
        self.app.copy_to_clipboard(" ".join(names[:1000]))

    async def action_quit(self) -> None:
        """Leaves; the engine goes on."""
        self.dashboard.leave()
