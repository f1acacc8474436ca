"""The lines around every screen: crumbs, the engine, the notice, and the keys."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import partial

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.actions.action import Action
from tui.jumps import Jump
from tui.snapshots.header import EngineState, Header, LaneLine
from tui.widgets.theme_changes import on_theme_change


class TopBar(Widget):
    """One line: the crumbs to the left, the engine to the right."""

    COMPONENT_CLASSES = {"bar--name", "bar--muted", "bar--running", "bar--bad", "bar--waits"}  # noqa: RUF012 - Textual's way

    class Pressed(Message):
        """A crumb was clicked.

        Attributes:
            depth: Number of screens below the one that it names.
        """

        def __init__(self, depth: int) -> None:
            super().__init__()
            self.depth = depth

    def __init__(self) -> None:
        super().__init__()
        self._ends: list[int] = []
        self._trail: tuple[str, ...] = ()
        self._head = Header()
        self._read_only = False
        self._playing = ""

    def set_playing(self, name: str) -> None:
        """Set the name of the file that plays; empty if none does."""
        self._playing = name
        self.refresh()

    def set_trail(self, *trail: str, read_only: bool = False) -> None:
        """Set the crumbs, from the outside in: cleaned texts."""
        self._trail, self._read_only = trail, read_only
        self.refresh()

    def set_head(self, head: Header) -> None:
        """Set the present state of the engine and its lanes."""
        self._head = head
        self.refresh()

    def render(self) -> Text:
        """Return the line, in as many cells as there are."""
        muted = self.get_component_rich_style("bar--muted", partial=True)
        right = self._engine()
        room = self.size.width - right.cell_len - 2
        left = Text()
        left.append(" safelight", self.get_component_rich_style("bar--name", partial=True))
        if self._read_only:
            left.append("  read-only", self.get_component_rich_style("bar--waits", partial=True))
        self._ends = [left.cell_len]
        for part in self._trail:
            left.append("  ›  ", muted).append(part)
            self._ends.append(left.cell_len)
        left.truncate(max(10, room), overflow="ellipsis", pad=True)
        return Text.assemble(left, "  ", right, no_wrap=True, end="")

    def jumps(self) -> Iterator[Jump]:
        """Yield the crumbs of the screens below."""
        for depth, end in enumerate(self._ends[:-1]):
            begin = self._ends[depth - 1] + 5 if depth else 1
            if begin < end:
                yield Jump(begin, 0, partial(self.post_message, self.Pressed(depth)))

    def on_click(self, event: events.Click) -> None:
        """Go to the clicked crumb."""
        depth = next((depth for depth, end in enumerate(self._ends) if event.x < end), None)
        if depth is not None:
            self.post_message(self.Pressed(depth))

    def _engine(self) -> Text:
        engine, text = self._head.engine, Text()
        if self._playing:
            running = self.get_component_rich_style("bar--running", partial=True)
            text.append("♪ playing · O stops   ", running)
        if self._head.paused:
            waits = self.get_component_rich_style("bar--waits", partial=True)
            text.append("‖ everything is paused   ", waits)
        words, style = _ENGINE.get(engine.state, ("? engine", "muted"))
        words = words.removesuffix(_STARTS) if self._read_only else words
        text.append(words, self.get_component_rich_style(f"bar--{style}", partial=True))
        words = words.format(pid=engine.pid)
        if engine.pid and engine.state in {"running", "draining", "stopping"}:
            muted = self.get_component_rich_style("bar--muted", partial=True)
            text.append(f" {engine.pid}", muted)
        return text.append(" ")


_STARTS = " · E starts one"
_ENGINE = {
    "running": ("▸ engine", "running"),
    "draining": ("‖ engine stops after what runs", "waits"),
    "stopping": ("‖ engine is stopping", "waits"),
    "suspended": ("‖ engine is suspended · kill -CONT {pid} resumes it", "bad"),
    "lost": (f"✗ engine was lost{_STARTS}", "bad"),
    "none": (f"○ no engine{_STARTS}", "muted"),
}


def engine_words(engine: EngineState) -> str:
    """Describe the engine in a sentence."""
    if engine.state in {"running", "draining", "stopping"}:
        return f"The engine keeps running without the dashboard: pid {engine.pid} on {engine.host}."
    if engine.state == "suspended":
        return f"The engine is suspended. Resume it: kill -CONT {engine.pid}"
    return "No engine runs; `safelight engine` or E in the dashboard starts one."


class HeadLine(Static):
    """One line about a part of the header."""

    def __init__(self) -> None:
        super().__init__()
        self._head = Header()

    def set_head(self, head: Header) -> None:
        """Return the present content."""
        self._head = head
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    @abstractmethod
    def restyle(self) -> None:
        """Show the header in the present colours."""


class Lanes(HeadLine):
    """One line with the activity of each lane; hidden if there are none."""

    COMPONENT_CLASSES = {"lanes--busy", "lanes--waits"}  # noqa: RUF012 - Textual's way

    def restyle(self) -> None:
        """Show the lanes."""
        head = self._head
        shown = [lane for lane in head.lanes if lane.name != OUTPUTS_LANE or lane.state != "open"]
        self.display = bool(shown)
        busy = self.get_component_rich_style("lanes--busy", partial=True)
        waits = self.get_component_rich_style("lanes--waits", partial=True)
        text = Text(" lanes", no_wrap=True, overflow="ellipsis", end="")
        for lane in sorted(shown, key=_worst_first):
            shape = {"open": "▸" if lane.in_flight else "·", "cooling": "~"}.get(lane.state, "◆")
            style = waits if lane.state != "open" else busy if lane.in_flight else ""
            most = min(lane.width or lane.concurrency, lane.concurrency)
            text.append(f"   {shape} {short_lane(lane.name)} {lane.in_flight}/{most}", style)
            text.append(f" +{lane.waiting} wait" if lane.waiting else "")
            text.append(f" {lane.state}" if lane.state != "open" else "", style)
        self.update(text, layout=False)


OUTPUTS_LANE = "outputs"
"""Lane of the output folders; it matters only if they cannot be written."""


def short_lane(name: str) -> str:
    """Return a lane's name without its host: `ollama` for `ollama@box:11434`."""
    return name.partition("@")[0]


def _worst_first(lane: LaneLine) -> tuple[bool, bool, str]:
    return lane.state == "open", not lane.in_flight, lane.name


_WELL = frozenset({"busy", "idle", "starting"})


class Hosts(HeadLine):
    """One line with the activity of each model host; hidden if there are none."""

    COMPONENT_CLASSES = {"lanes--busy", "lanes--waits"}  # noqa: RUF012 - Textual's way

    def restyle(self) -> None:
        """Show the hosts."""
        head = self._head
        self.display = bool(head.hosts)
        busy = self.get_component_rich_style("lanes--busy", partial=True)
        waits = self.get_component_rich_style("lanes--waits", partial=True)
        text = Text(" hosts", no_wrap=True, overflow="ellipsis", end="")
        for host in sorted(head.hosts, key=lambda each: each.state in _WELL):
            style = busy if host.state == "busy" else "" if host.state == "idle" else waits
            shape = {"busy": "▸", "idle": "·", "starting": "~"}.get(host.state, "◆")
            text.append(f"   {shape} {host.device} {host.state}", style)
            if host.state == "lost":
                continue
            text.append(f" {host.running}" if host.running else "", style)
            text.append(f" +{host.waiting} wait" if host.waiting else "")
            text.append(f"  {host.memory}" if host.memory else "")
            text.append(f"  {short_name(host.models[0])}" if host.models else "")
            text.append(f" +{len(host.models) - 1}" if len(host.models) > 1 else "")
        self.update(text, layout=False)


def short_name(model: str) -> str:
    """Return a model without the account or folder that it comes from."""
    return model.rstrip(")").rpartition("/")[2]


_ALWAYS = ("help", "quit")


class KeyBar(Widget):
    """One line: the keys of the actions, the most useful first; a click runs one."""

    COMPONENT_CLASSES = {"keys--key", "keys--title"}  # noqa: RUF012 - Textual's way

    class Pressed(Message):
        """An action was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, keys: list[tuple[Action, str]]) -> None:
        super().__init__()
        self._keys = keys
        self._places: list[tuple[int, int, Action]] = []

    def set_keys(self, keys: list[tuple[Action, str]]) -> None:
        """Set the actions with their keys; nothing is laid out again."""
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def render(self) -> Text:
        """Show as many keys as fit."""
        key_style = self.get_component_rich_style("keys--key", partial=True)
        title_style = self.get_component_rich_style("keys--title", partial=True)
        text, self._places = Text(no_wrap=True, end=""), []
        for action, key in self._fitting():
            begin = text.cell_len
            text.append(f" {key}", key_style).append(f" {action.title} ", title_style)
            self._places.append((begin, text.cell_len, action))
        return text

    def _fitting(self) -> list[tuple[Action, str]]:
        """Return the keys that fit: help and quit always, the others by their rank."""
        room, fitting = self.size.width + 1, []  # the space after the last one is not needed
        for entry in sorted(self._keys, key=lambda entry: entry[0].id not in _ALWAYS):
            cells = cell_len(entry[1]) + cell_len(entry[0].title) + 3
            if cells <= room:
                room -= cells
                fitting.append(entry)
        return sorted(fitting, key=self._keys.index)

    def on_click(self, event: events.Click) -> None:
        """Run the clicked action."""
        for begin, end, action in self._places:
            if begin <= event.x < end:
                self.post_message(self.Pressed(action))
