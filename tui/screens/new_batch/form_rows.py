"""The rows of the form, and what they hold: prompt, file, the fields of an entry, settings."""

from collections.abc import Iterator
from pathlib import Path

from textual.containers import VerticalScroll
from textual.widgets import Input

from tui.screens.new_batch.field_row import FieldRow
from tui.screens.new_batch.recipe_options import PROMPT, entry_of
from tui.screens.new_batch.sources import is_file_name
from tui.widgets.prose import ProseArea


class FormRows(VerticalScroll, can_focus=False):
    """The rows of a form, by their section and the name of their field."""

    def rows(self, section: str) -> dict[str, FieldRow]:
        """Return the rows of `batch`, `settings` or `entry`, by the field's name."""
        rows = self.query(f".{section}").results(FieldRow)
        return {row.field.name: row for row in rows if row.display}

    @property
    def prompt(self) -> FieldRow:
        """The row of the prompt; not displayed for a recipe without one."""
        return self.query_one(f"#field-{PROMPT.name}", FieldRow)

    @property
    def file(self) -> FieldRow:
        """The row of the file."""
        return self.query_one("#field-file", FieldRow)

    def _shown(self) -> Iterator[FieldRow]:
        """Return the rows with a control that can be read."""
        return (row for row in self.query(FieldRow) if row.is_ready)

    @property
    def entry(self) -> dict[str, str]:
        """Return the one entry that is given in place of a file; empty without one."""
        rows = self.rows("entry").values()
        return entry_of((row.field, row.value) for row in rows if row.is_ready)

    @property
    def path(self) -> Path | None:
        """The chosen file; None if there cannot be one."""
        text = str(self.file.value).strip()
        if not text or "\0" in text:
            return None
        try:
            path = Path(text).expanduser()
        except RuntimeError:
            path = Path(text)
        return Path.cwd() / path if text == "-" else path  # which would be standard input

    def set_path(self, path: Path) -> None:
        """Choose a file."""
        control = self.file.query_one(Input)
        control.value = str(path)
        control.cursor_position = len(control.value)

    def take_path(self) -> bool:
        """Move the path of a file that was typed as the prompt into its own field.

        Returns:
            True if there was one.
        """
        control = self.prompt.control_widget
        if not isinstance(control, ProseArea) or not is_file_name(text := control.value.strip()):
            return False
        self.set_path(Path(text))
        control.value = ""
        if control.has_focus:
            self.file.focus_control()
        return True
