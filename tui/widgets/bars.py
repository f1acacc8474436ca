"""The lines around every screen: where one is, the engine, what waits, and the keys."""

from abc import abstractmethod
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.actions import Action
from tui.snapshots.header import EngineState, Header
from tui.states import look
from tui.widgets.columns import fit
from tui.widgets.theme_changes import on_theme_change


class TopBar(Widget):
    """One line: where one is to the left, the engine to the right."""

    COMPONENT_CLASSES = {"bar--name", "bar--muted", "bar--running", "bar--bad", "bar--waits"}  # noqa: RUF012 - Textual's way

    class Pressed(Message):
        """A crumb was clicked.

        Attributes:
            depth: How many screens lie below the one that it names.
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

    def set_trail(self, *trail: str, read_only: bool = False) -> None:
        """Where one is, from the outside in: cleaned texts."""
        self._trail, self._read_only = trail, read_only
        self.refresh()

    def set_head(self, head: Header) -> None:
        """The engine and its lanes as they are now."""
        self._head = head
        self.refresh()

    def render(self) -> Text:
        """The line, in as many cells as there are."""
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

    def on_click(self, event: events.Click) -> None:
        """Goes to what was clicked."""
        depth = next((depth for depth, end in enumerate(self._ends) if event.x < end), None)
        if depth is not None:
            self.post_message(self.Pressed(depth))

    def _engine(self) -> Text:
        engine, text = self._head.engine, Text()
        words, style = _ENGINE.get(engine.state, ("? engine", "muted"))
        words = words.removesuffix(_STARTS) if self._read_only else words
        text.append(words, self.get_component_rich_style(f"bar--{style}", partial=True))
        if engine.pid and engine.state != "none":
            muted = self.get_component_rich_style("bar--muted", partial=True)
            text.append(f" {engine.pid}", muted)
        return text.append(" ")


_STARTS = " · E starts one"
_ENGINE = {
    "running": ("▸ engine", "running"),
    "stopping": ("‖ engine is stopping", "waits"),
    "suspended": ("‖ engine is suspended · kill -CONT wakes", "bad"),
    "lost": (f"✗ engine was lost{_STARTS}", "bad"),
    "none": (f"○ no engine{_STARTS}", "muted"),
}


def engine_words(engine: EngineState) -> str:
    """The engine in a sentence."""
    if engine.state in {"running", "stopping"}:
        return f"The engine goes on without the dashboard: pid {engine.pid} on {engine.host}."
    if engine.state == "suspended":
        return f"The engine is suspended and does nothing. Wake it: kill -CONT {engine.pid}"
    return "No engine runs; `safelight engine` or E in the dashboard starts one."


class HeadLine(Static):
    """One line about something of the head."""

    def __init__(self) -> None:
        super().__init__()
        self._head = Header()

    def set_head(self, head: Header) -> None:
        """What there is now."""
        self._head = head
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    @abstractmethod
    def restyle(self) -> None:
        """Show the head in the colours of now."""


class Lanes(HeadLine):
    """One line: what each lane does; hidden where there are none."""

    COMPONENT_CLASSES = {"lanes--busy", "lanes--waits"}  # noqa: RUF012 - Textual's way

    def restyle(self) -> None:
        """Shows the lanes."""
        head = self._head
        self.display = bool(head.lanes)
        busy = self.get_component_rich_style("lanes--busy", partial=True)
        waits = self.get_component_rich_style("lanes--waits", partial=True)
        text = Text(" lanes", no_wrap=True, overflow="ellipsis", end="")
        for lane in head.lanes:
            shape = {"open": "▸" if lane.in_flight else "·", "cooling": "~"}.get(lane.state, "◆")
            style = waits if lane.state != "open" else busy if lane.in_flight else ""
            most = min(lane.width or lane.concurrency, lane.concurrency)
            text.append(f"   {shape} {lane.name} {lane.in_flight}/{most}", style)
            text.append(f" +{lane.waiting} wait" if lane.waiting else "")
            text.append(f" {lane.state}" if lane.state != "open" else "", style)
        self.update(text, layout=False)


class Hosts(HeadLine):
    """One line: what each model host does; hidden where there are none."""

    COMPONENT_CLASSES = {"lanes--busy", "lanes--waits"}  # noqa: RUF012 - Textual's way

    def restyle(self) -> None:
        """Shows the hosts."""
        head = self._head
        self.display = bool(head.hosts)
        busy = self.get_component_rich_style("lanes--busy", partial=True)
        waits = self.get_component_rich_style("lanes--waits", partial=True)
        text = Text(" hosts", no_wrap=True, overflow="ellipsis", end="")
        for host in head.hosts:
            style = busy if host.state == "busy" else "" if host.state == "idle" else waits
            shape = {"busy": "▸", "idle": "·", "starting": "~"}.get(host.state, "◆")
            text.append(f"   {shape} {host.device} {host.state}", style)
            text.append(f" {host.running}" if host.running else "", style)
            text.append(f" +{host.waiting} wait" if host.waiting else "")
            text.append(f"  {host.memory}" if host.memory else "")
            text.append(f"  {short_name(host.models[0])}" if host.models else "")
            text.append(f" +{len(host.models) - 1}" if len(host.models) > 1 else "")
        self.update(text, layout=False)


def short_name(model: str) -> str:
    """A model without the account or folder that it comes from."""
    return model.rstrip(")").rpartition("/")[2]


@dataclass
class Notice:
    """How the operator wants the banner, on every screen.

    Attributes:
        mode: `line`, `whole` or `away`.
        of: What it is about; what is put away comes back when that changes.
    """

    mode: str = "line"
    of: frozenset[str] = frozenset()

    def next(self) -> None:
        """Opens it, puts it away, shows it again."""
        self.mode = {"line": "whole", "whole": "away"}.get(self.mode, "line")


class Banner(Static):
    """What waits for the operator, and what to do about it; hidden while nothing does.

    Args:
        notice: How it is wanted; shared by all screens.
    """

    def __init__(self, notice: Notice) -> None:
        super().__init__(markup=False)
        self._notice = notice
        self._trouble: str | None = None
        self._head = Header()
        self._lines: tuple[str, ...] = ()
        self.display = False

    def next(self) -> None:
        """Opens it, puts it away, shows it again."""
        self._notice.next()
        self._draw()

    def on_click(self) -> None:
        """As its key does."""
        self.next()

    def on_resize(self) -> None:
        """Cuts the line where it ends now."""
        self._draw()

    def catch_up(self, trouble: str | None, head: Header) -> None:
        """Takes what has changed while another screen was shown."""
        self._trouble, self._head = trouble, head
        self._show()

    def set_trouble(self, sentence: str | None) -> None:
        """What is wrong with the store."""
        self._trouble = sentence
        self._show()

    def set_head(self, head: Header) -> None:
        """What jobs are parked for."""
        if (head.parked, head.reasons) != (self._head.parked, self._head.reasons):
            self._head = head
            self._show()

    def _show(self) -> None:
        lines = [f"! {self._trouble}"] if self._trouble else []
        lines += _parked_lines(self._head)
        self.set_class(bool(self._trouble), "-trouble")
        self._lines = tuple(lines)
        if (about := self._about()) != self._notice.of:
            self._notice.mode, self._notice.of = "line", about
        self._draw()

    def _about(self) -> frozenset[str]:
        """What it is about, however many jobs that concerns."""
        sentences = (sentence for _, sentence in self._head.reasons)
        return frozenset((*sentences, self._trouble or ""))

    def _draw(self) -> None:
        mode = self._notice.mode
        self.display = bool(self._lines) and mode != "away"
        self.set_class(mode == "whole", "-whole")
        self.update("\n".join(self._lines) if mode == "whole" else self._line())

    def _line(self) -> str:
        """All in one line, with how to read the rest of it."""
        text, width = " ".join(self._lines), self.content_size.width
        hint = "  ! opens"
        if not width or cell_len(text) <= width:
            return text
        return fit(text, max(0, width - len(hint))) + hint


def _parked_lines(head: Header) -> list[str]:
    """How many jobs are parked, and for what; the number is of all reasons together."""
    if not head.parked:
        return []
    begin = f"{look('parked').shape} {head.parked} parked"
    if not head.reasons:
        return [f"{begin}. Open the batch to see why."]
    some = "" if len(head.reasons) == 1 else ", some"
    first, *others = [f"({reason}): {sentence}" for reason, sentence in head.reasons[:3]]
    return [f"{begin}{some} {first}", *(f"  some {other}" for other in others)]


_ALWAYS = ("help", "quit")


class KeyBar(Widget):
    """One line: the keys of what can be done here, the most useful first; a click does it."""

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

    def render(self) -> Text:
        """As many keys as fit."""
        key_style = self.get_component_rich_style("keys--key", partial=True)
        title_style = self.get_component_rich_style("keys--title", partial=True)
        text, self._places = Text(no_wrap=True, end=""), []
        for action, key in self._fitting():
            begin = text.cell_len
            text.append(f" {key}", key_style).append(f" {action.title} ", title_style)
            self._places.append((begin, text.cell_len, action))
        return text

    def _fitting(self) -> list[tuple[Action, str]]:
        """The keys that there is room for: help and leaving always, the others by their rank."""
        room, fitting = self.size.width, []
        for entry in sorted(self._keys, key=lambda entry: entry[0].id not in _ALWAYS):
            cells = cell_len(entry[1]) + cell_len(entry[0].title) + 3
            if cells <= room:
                room -= cells
                fitting.append(entry)
        return sorted(fitting, key=self._keys.index)

    def on_click(self, event: events.Click) -> None:
        """Does what was clicked."""
        for begin, end, action in self._places:
            if begin <= event.x < end:
                self.post_message(self.Pressed(action))
