"""The tabs of the activity, its filter and whether it follows, in one line."""

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

TABS = ("events", "engine log", "traces", "what I did")


class ActivityBar(Widget):
    """One line: the tabs to the left, the state of the list to the right."""

    COMPONENT_CLASSES = {"bar--chosen", "bar--muted", "bar--running", "bar--failed"}  # noqa: RUF012 - Textual's way

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: int) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self) -> None:
        super().__init__()
        self._tab = 0
        self._batch = ""
        self._faults = False
        self._following = True
        self._unseen = 0
        self._ends: list[int] = []

    def show(self, tab: int, batch: str, *, faults: bool, following: bool, unseen: int) -> None:
        """Show a state of the list.

        Args:
            tab: Index of the present tab.
            batch: Its batch; empty for all.
            faults: True if only warnings and errors are shown.
            following: True if the newest line stays visible.
            unseen: Number of newer lines above.
        """
        self._tab, self._batch, self._faults = tab, batch, faults
        self._following, self._unseen = following, unseen
        self.refresh()

    def render(self) -> Text:
        """Return the line, in as many cells as there are."""
        chosen, muted = self._style("chosen"), self._style("muted")
        text, self._ends = Text(no_wrap=True, end=""), []
        for index, title in enumerate(TABS):
            here = index == self._tab
            text.append(f"[{title}]" if here else f" {title} ", chosen if here else muted)
            self._ends.append(text.cell_len)
        right = self._right()
        room = self.content_size.width - right.cell_len
        text.truncate(max(0, room), overflow="ellipsis", pad=True)
        return Text.assemble(text, right, no_wrap=True, end="")

    def _right(self) -> Text:
        text = Text()
        if self._batch:
            text.append(f"  {self._batch}", self._style("muted"))
        if self._faults:
            text.append("  ✗ faults only", self._style("failed"))
        if self._following:
            return text.append("  follow ●", self._style("running"))
        newer = f"  {self._unseen} newer, g" if self._unseen else "  follow ○"
        return text.append(newer, self._style("running" if self._unseen else "muted"))

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"bar--{name}", partial=True)

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked tab."""
        tab = next((index for index, end in enumerate(self._ends) if event.x <= end), None)
        if tab is not None:
            self.post_message(self.Chosen(tab))
