"""The queue in one line: running, waiting, parked, and the time until nothing is left."""

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from engine.text import figures
from tui.snapshots.queue import QueueSnapshot
from tui.states import look


class QueueBar(Widget):
    """One line with the sums of the queue."""

    COMPONENT_CLASSES = {"bar--running", "bar--parked", "bar--muted"}  # noqa: RUF012 - Textual's way

    def __init__(self) -> None:
        super().__init__()
        self._queue: QueueSnapshot | None = None

    def set_queue(self, queue: QueueSnapshot) -> None:
        """Show the sums of a queue."""
        self._queue = queue
        self.refresh()

    def render(self) -> Text:
        """Return the line."""
        text, queue = Text(no_wrap=True, overflow="ellipsis", end=""), self._queue
        if queue is None:
            return text
        muted = self._tone("muted")
        if queue.paused:
            text.append(f"{look('paused').shape} everything is paused   ", self._tone("parked"))
        if queue.running:
            text.append(f"{look('running').shape} {queue.running} running", self._tone("running"))
        else:
            text.append("nothing runs", muted)
        if queue.waiting:
            text.append(f"   {_wait(queue.waiting)} {_their(queue.waiting)} turn", muted)
        if queue.rate:
            text.append(f"   {queue.rate}   {queue.left} to idle", muted)
        if queue.parked:
            parked = f"{look('parked').shape} {_wait(queue.parked)} for you"
            text.append(f"   {parked}", self._tone("parked"))
        return text

    def _tone(self, name: str) -> Style:
        return self.get_component_rich_style(f"bar--{name}", partial=True)


def _wait(number: int) -> str:
    return f"{figures.count(number)} {'waits' if number == 1 else 'wait'}"


def _their(number: int) -> str:
    return "its" if number == 1 else "their"
