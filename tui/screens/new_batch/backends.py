"""Menu of the backends of a capability, with what each lacks."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.widgets import Input, OptionList

from engine.text.terminal import clean
from tui.screens.menu import MenuLine, MenuScreen
from tui.screens.new_batch.field_row import FieldRow

ADDED = "+"
"""Begins the value of a backend that is added as the next fallback."""


class BackendMenu(MenuScreen):
    """Choose a backend, in place of the present ones or after them as a fallback.

    Dismissed with the backend's name; with `ADDED` before it if it is added.

    Args:
        capability: The capability.
        names: The backends.
        lacking: What each lacks, empty if it is ready; None if that is not known yet.
    """

    BINDINGS = [Binding("plus,space", "add", "Add")]  # noqa: RUF012 - Textual's way
    ANSWERS = "enter  choose      +  add as the next fallback      esc  leave"

    def __init__(
        self, capability: str, names: Sequence[str], lacking: Mapping[str, str] | None
    ) -> None:
        lines = [_line(name, None if lacking is None else lacking.get(name)) for name in names]
        ready_first = sorted(lines, key=lambda line: line.state == "parked")
        super().__init__(f"Backends of {capability}", ready_first, wide=True, leaves="▾")

    def action_add(self) -> None:
        """Add the backend under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(f"{ADDED}{self._lines[at].value}")


def _line(name: str, lacks: str | None) -> MenuLine:
    state = "queued" if lacks is None else "parked" if lacks else "done"
    text = "not checked yet" if lacks is None else f"needs {lacks}" if lacks else "ready"
    return MenuLine(name, text, name=clean(name, 40), state=state)


def with_backend(text: str, chosen: str) -> str:
    """Return the text of a field with a backend: alone, or after the others.

    Args:
        text: The present text, names with commas between.
        chosen: The name; with `ADDED` before it if it is added.
    """
    if not chosen.startswith(ADDED):
        return chosen
    names = [name.strip() for name in text.split(",") if name.strip()]
    added = chosen.removeprefix(ADDED)
    return ",".join([*(name for name in names if name != added), added])


def list_backends(app: App[Any], row: FieldRow, lacking: Mapping[str, str] | None) -> None:
    """Show the menu of a field that names backends, and put the chosen one into the field.

    Args:
        app: The app.
        row: The field.
        lacking: What each backend lacks, empty if it is ready; None if that is not known yet.
    """

    def choose(name: str | None) -> None:
        control = row.control_widget
        if name is not None and isinstance(control, Input):
            control.value = with_backend(control.value, name)

    app.push_screen(BackendMenu(row.field.label, row.field.names, lacking), choose)
