"""Lanes and model hosts in full, and the concurrency of each lane."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.views.devices import DeviceLine
from engine.client.views.machines import ShownMachine
from engine.text.terminal import clean
from tui.feed import SnapshotReady
from tui.screens.choosing import ChoosingScreen
from tui.snapshots.devices import DevicesView
from tui.snapshots.header import Header, LaneLine
from tui.stepping_in import step_in

if TYPE_CHECKING:
    from tui.dashboard import DashboardServices

WIDEST = 256


class LanesScreen(ChoosingScreen[None]):
    """All lanes; the selected one can be changed until the engine ends."""

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q,w", "leave", "Leave"),
        Binding("plus,equals_sign,right", "change(1)", "Wider"),
        Binding("minus,underscore,left", "change(-1)", "Narrower"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lanes: tuple[LaneLine, ...] = ()
        self._devices = DevicesView()

    @property
    def dashboard(self) -> "DashboardServices":
        """Return the app."""
        return cast("DashboardServices", self.app)

    def compose(self) -> ComposeResult:
        """Compose the lanes, the hosts, the keys."""
        with Vertical(id="lanes"):
            yield OptionList(markup=False)
            yield Static(id="hosts", markup=False)
            yield Static(id="devices", markup=False)
            yield Static(id="answers", markup=False)

    def on_mount(self) -> None:
        """Show the present state; a watcher is offered no keys that change anything."""
        keys = "" if self.dashboard.read_only else "+ wider      - narrower      "
        self.query_one("#answers", Static).update(f"{keys}esc  leave")
        self._show(self.dashboard.head)

    def on_screen_resume(self) -> None:
        """Follow the store."""
        self.dashboard.feed.show((self.dashboard.head_view, self), (self._devices, self))

    def on_screen_suspend(self) -> None:
        """Stop polling while hidden."""
        self.dashboard.feed.hide(self)

    @on(SnapshotReady)
    def take(self, message: SnapshotReady) -> None:
        """Show what was read."""
        if message.view is self._devices:
            self._show_devices(message.snapshot)
            return
        self.dashboard.take_head(message.snapshot)
        self._show(message.snapshot)

    def _show(self, head: Header) -> None:
        options = self.query_one(OptionList)
        if head.lanes != self._lanes or not options.option_count:
            self._lanes, at = head.lanes, options.highlighted
            options.clear_options()
            options.add_options([Option(_lane(lane)) for lane in head.lanes])
            if not head.lanes:
                options.add_option(Option("No engine has opened a lane yet.", disabled=True))
            options.highlighted = min(at or 0, max(0, len(head.lanes) - 1))
        hosts = Text("\n").join([_machine(machine) for machine in head.machines])
        self.query_one("#hosts", Static).update(hosts or "No model hosts run.")

    def _show_devices(self, devices: Sequence[DeviceLine]) -> None:
        hosts = self.dashboard.head.machines
        told = {host.device for machine in hosts for host in machine.hosts if host.load}
        devices = [device for device in devices if device.id not in told]
        line = self.query_one("#devices", Static)
        line.display = bool(devices)
        line.update("\n".join(f" {one.id:<10.10} {one.name} · {one.sentence}" for one in devices))

    def action_change(self, by: int) -> None:
        """Change the selected lane's concurrency by one."""
        at = self.query_one(OptionList).highlighted
        if self.dashboard.read_only or at is None or at >= len(self._lanes):
            return
        lane = self._lanes[at]
        wanted = max(1, min(WIDEST, lane.concurrency + by))
        if wanted != lane.concurrency:
            self._ask(lane.name, wanted)

    @work(thread=True, exclusive=True, group="lane", exit_on_error=False)
    def _ask(self, name: str, concurrency: int) -> None:
        wanted = {"lane": name, "concurrency": concurrency}
        said, refused = step_in(self.dashboard.paths, "lane", [], wanted)
        severity = "warning" if refused else "information"
        self.app.call_from_thread(
            self.notify,
            clean(said, 500),
            severity=severity,
            markup=False,
        )

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def _lane(lane: LaneLine) -> Text:
    text = Text(f" {lane.name:<24.24} ", style="bold", no_wrap=True, overflow="ellipsis")
    now = f", {lane.width} now" if 0 < lane.width < lane.concurrency else ""
    said = f"{lane.in_flight} in flight, {lane.concurrency} at most{now}, {lane.waiting} waiting"
    said += f", {lane.per_minute:g} a minute" if lane.per_minute else ""
    said += f", {lane.state}" if lane.state != "open" else ""
    return text.append(f"{said}  {lane.message}".rstrip(), style="not bold")


def _machine(machine: ShownMachine) -> Text:
    """Return a machine with its hosts; the engine's own has no line of its own."""
    text = Text(no_wrap=False)
    if machine.name:
        text.append(f" {machine.name}  ", style="bold").append(machine.link)
    for host in machine.hosts:
        text.append("\n" if text.plain else "")
        text.append(f" {host.device} ", style="bold").append(host.sentence)
        for model in host.models:
            text.append(f"\n   {model}")
    return text
