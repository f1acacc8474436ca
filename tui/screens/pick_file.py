"""One of several files of a part of a job: choose which to open."""

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.views.files import OpenableFile
from tui.screens.choosing import ChoosingScreen


class PickFileScreen(ChoosingScreen[OpenableFile | None]):
    """List of files; dismissed with the chosen one, or with None.

    Args:
        files: The files, the most important first.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q", "leave", "Leave"),
        Binding("o", "take", show=False),
    ]

    def __init__(self, files: Sequence[OpenableFile]) -> None:
        super().__init__()
        self._files = files

    def compose(self) -> ComposeResult:
        """Compose the files and the keys."""
        with Vertical(id="files"):
            yield Static("Open a file", id="title", markup=False)
            yield OptionList(*(Option(_line(file)) for file in self._files), markup=False)
            yield Static("enter  open      esc  leave", id="answers", markup=False)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose a file."""
        self.dismiss(self._files[message.option_index])

    def action_take(self) -> None:
        """Choose the file under the cursor."""
        self.query_one(OptionList).action_select()

    def action_leave(self) -> None:
        """Open nothing."""
        self.dismiss(None)


def _line(file: OpenableFile) -> Text:
    text = Text(f" {file.name:<20.20} ", style="bold", no_wrap=True, overflow="ellipsis")
    return text.append(f"{file.title:<10.10} {file.facts}", style="not bold")
