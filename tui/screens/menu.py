"""A small menu: lines with a key each, of which one is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.text.terminal import clean
from tui.screens.choosing import ChoosingScreen


@dataclass(frozen=True, slots=True)
class MenuLine:
    """One line of a menu.

    Attributes:
        value: The result if it is chosen.
        text: Its text.
        key: The key that chooses it at once; empty for none.
    """

    value: str
    text: str
    key: str = ""


class MenuScreen(ChoosingScreen[str | None]):
    """Choose one of several lines; dismissed with its value, or with None.

    Args:
        title: Title of the menu.
        lines: Its lines.
        chosen: Value of the line that the cursor starts on.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q", "leave", "Leave"),
    ]

    def __init__(self, title: str, lines: Sequence[MenuLine], *, chosen: str = "") -> None:
        super().__init__()
        self._title, self._lines, self._chosen = title, tuple(lines), chosen

    def compose(self) -> ComposeResult:
        """Compose title, lines and keys."""
        with Vertical(id="menu"):
            yield Static(clean(self._title, 100), id="title", markup=False)
            yield OptionList(*(Option(_drawn(line)) for line in self._lines), markup=False)
            yield Static("enter  choose      esc  leave", id="answers", markup=False)

    def on_mount(self) -> None:
        """Put the cursor on the present choice."""
        values = [line.value for line in self._lines]
        if self._chosen in values:
            self.query_one(OptionList).highlighted = values.index(self._chosen)

    def on_key(self, event: events.Key) -> None:
        """Choose a line by its key."""
        for line in self._lines:
            if line.key and line.key == event.character:
                event.stop()
                self.dismiss(line.value)
                return

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose a line."""
        self.dismiss(self._lines[message.option_index].value)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def _drawn(line: MenuLine) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f" {line.key:<2} ", style="bold")
    return text.append(clean(line.text, 200))
