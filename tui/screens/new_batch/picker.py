"""Choosing a file. Names that could act on the terminal are not listed."""

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button
from textual_fspicker import FileOpen, Filters
from textual_fspicker.base_dialog import Dialog, InputBar
from textual_fspicker.parts import CurrentDirectory, DirectoryNavigation

from engine.text.terminal import clean, has_hidden
from tui.screens.new_batch.sources import SUFFIXES


class SafeNavigation(DirectoryNavigation):
    """A tree without names that have hidden characters."""

    def hide(self, path: Path) -> bool:
        """Return True if an entry is left out."""
        return has_hidden(path.name) or super().hide(path)

    def action_page_up(self) -> None:
        """Move a page up; nothing moves where the list has no room for a line."""
        if self.scrollable_content_region:
            super().action_page_up()

    def action_page_down(self) -> None:
        """Move a page down; nothing moves where the list has no room for a line."""
        if self.scrollable_content_region:
            super().action_page_down()


class SafeCurrentDirectory(CurrentDirectory):
    """Return the present location as plain text."""

    def __init__(self) -> None:
        super().__init__(markup=False)

    def update(self, content: object = "", *, layout: bool = True) -> None:
        """Return a folder's name, cleaned."""
        super().update(clean(str(content), None), layout=layout)


class InputPicker(FileOpen):
    """Picker of an input file."""

    DEFAULT_CSS = """
    InputPicker {
        Dialog { width: 96%; max-width: 110; height: 90%; border: round $border; }
        InputBar Input { width: 1fr; }
        InputBar Select { width: 20; }
        InputBar Button { width: auto; min-width: 8; }
    }
    """

    def __init__(self, location: Path) -> None:
        super().__init__(
            location,
            "Input file",
            filters=Filters(
                ("Inputs", lambda path: path.suffix.lower() in SUFFIXES),
                ("All files", lambda _path: True),
            ),
            suggest_completions=False,  # a suggestion is a name as it is on disk
        )

    def compose(self) -> ComposeResult:
        """Compose the library's own layout, with lists that show only safe names."""
        with Dialog() as dialog:
            dialog.border_title = "Input file"
            yield SafeCurrentDirectory()
            with Horizontal():
                yield SafeNavigation(self._location)
            with InputBar():
                yield from self._input_bar()
                yield Button("Open", id="select", compact=True)
                yield Button("Cancel", id="cancel", compact=True)
