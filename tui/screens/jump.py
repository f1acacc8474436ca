"""Labels over the screen below: the letters of one go to its place."""

from pathlib import Path
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.jumps import Jump, jumps_of, labelled


class JumpLabels(Widget):
    """The screen below, with a label at each place.

    Args:
        below: The lines of the screen below.
        labels: The places by their labels.
    """

    COMPONENT_CLASSES = {"jump--label", "jump--typed"}  # noqa: RUF012 - Textual's way

    def __init__(self, below: list[Strip], labels: dict[str, Jump]) -> None:
        super().__init__()
        self._below = below
        self.labels = labels
        self.typed = ""

    def render_line(self, y: int) -> Strip:
        """Return a line of the screen below with its labels."""
        strip = self._below[y] if y < len(self._below) else Strip.blank(self.size.width)
        style = self.get_component_rich_style("jump--label")
        typed = self.get_component_rich_style("jump--typed")
        for label, jump in self.labels.items():
            if jump.y == y and label.startswith(self.typed):
                strip = _with_label(strip, jump.x, label, len(self.typed), style, typed)
        return strip


def _with_label(
    strip: Strip, x: int, label: str, typed: int, style: Style, typed_style: Style
) -> Strip:
    width = strip.cell_length
    x = max(0, min(x, width - len(label)))
    parts = [Segment(label[:typed], typed_style), Segment(label[typed:], style)]
    middle = Strip([part for part in parts if part.text], len(label))
    return Strip.join([strip.crop(0, x), middle, strip.crop(x + len(label), width)])


class JumpScreen(ModalScreen[Jump | None]):
    """Choose a place by the letters of its label; dismissed with it, or with None.

    Args:
        below: The screen with the places.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [Binding("escape,ctrl+o", "leave", "Leave")]  # noqa: RUF012 - Textual's way

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        lines = below._compositor.render_strips()
        self._labels = JumpLabels(lines, labelled(jumps_of(below)))

    def compose(self) -> ComposeResult:
        """Compose the labels over the screen."""
        yield self._labels

    def on_key(self, event: events.Key) -> None:
        """Take a letter: go to the place of a whole label, leave for one that is none."""
        character = (event.character or "").lower()
        if event.key == "backspace":
            self._type(self._labels.typed[:-1])
        elif len(character) == 1 and character.isalpha():
            event.stop()
            self._type(self._labels.typed + character)

    def _type(self, typed: str) -> None:
        labels = self._labels.labels
        if typed in labels:
            self.dismiss(labels[typed])
        elif any(label.startswith(typed) for label in labels):
            self._labels.typed = typed
            self._labels.refresh()
        else:
            self.dismiss(None)

    def on_click(self) -> None:
        """Leave."""
        self.dismiss(None)

    def on_resize(self, event: events.Resize) -> None:
        """Leave if the places have moved."""
        if event.size.height != len(self._labels._below):
            self.dismiss(None)

    def action_leave(self) -> None:
        """Stay here."""
        self.dismiss(None)
