"""Menu of what can be copied; a key copies."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.text.terminal import clean
from tui.snapshots.copies import Copyable


class CopyScreen(ModalScreen[Copyable | None]):
    """List of texts; dismissed with the one that is copied, or with None.

    Args:
        copies: The texts.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [Binding("escape,q,Y", "leave", "Leave")]  # noqa: RUF012 - Textual's way

    def __init__(self, copies: Sequence[Copyable]) -> None:
        super().__init__()
        self._copies = copies

    def compose(self) -> ComposeResult:
        """Compose the texts and the keys."""
        with Vertical(id="copies"):
            yield Static("Copy", id="title", markup=False)
            yield OptionList(*(Option(_line(copy)) for copy in self._copies), markup=False)
            yield Static("a letter or enter  copy      esc  leave", id="answers", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Copy the text of a key."""
        for copy in self._copies:
            if copy.key == event.key:
                event.stop()
                self.dismiss(copy)
                return

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Copy the chosen text."""
        self.dismiss(self._copies[message.option_index])

    def action_leave(self) -> None:
        """Copy nothing."""
        self.dismiss(None)


def _line(copy: Copyable) -> Text:
    text = Text(f" {copy.key}  ", style="bold", no_wrap=True, overflow="ellipsis")
    text.append(f"{copy.name:<29} ", style="not bold")
    return text.append(clean(copy.text, 200), style="not bold dim")
