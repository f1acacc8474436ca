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
from tui.states import look, state_style

MAX_TEXT = 500


@dataclass(frozen=True, slots=True)
class MenuLine:
    """One line of a menu.

    Attributes:
        value: The result if it is chosen.
        text: Its text.
        key: The key that chooses it at once; empty for none.
        name: Its name, in bold before the text; empty for none.
        state: State whose shape stands before it; empty for none.
    """

    value: str
    text: str
    key: str = ""
    name: str = ""
    state: str = ""


class MenuScreen(ChoosingScreen[str | None]):
    """Choose one of several lines; dismissed with its value, or with None.

    Args:
        title: Title of the menu.
        lines: Its lines.
        chosen: Value of the line that the cursor starts on.
        wide: True for long lines.
        takes: Characters that choose the line under the cursor, besides enter.
        leaves: Characters that leave, besides esc and q: that of the key that opened the menu.
        verb: Effect of enter, in a word.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q", "leave", "Leave"),
    ]
    ANSWERS = "enter  {verb}      esc  leave"
    WRAPS = False

    def __init__(
        self,
        title: str,
        lines: Sequence[MenuLine] = (),
        *,
        chosen: str = "",
        wide: bool = False,
        takes: str = "",
        leaves: str = "",
        verb: str = "choose",
    ) -> None:
        super().__init__()
        self.set_class(wide, "-broad").set_class(self.WRAPS, "-wraps")
        self._title, self._lines, self._chosen = title, list(lines), chosen
        self._takes, self._leaves, self._verb = takes, leaves, verb

    def compose(self) -> ComposeResult:
        """Compose title, lines and keys."""
        with Vertical(id="menu"):
            yield Static(clean(self._title, 100), id="title", markup=False)
            yield OptionList(markup=False)
            yield Static(id="trouble", markup=False)
            yield Static(self.ANSWERS.format(verb=self._verb), id="answers", markup=False)

    def on_mount(self) -> None:
        """Put the cursor on the present choice."""
        values = [line.value for line in self._lines]
        self.set_lines(self._lines, values.index(self._chosen) if self._chosen in values else 0)

    def set_lines(self, lines: Sequence[MenuLine], at: int = 0, trouble: str = "") -> None:
        """Show other lines, with the cursor on one; or why there are none."""
        self._lines = list(lines)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._drawn(line), id=line.value) for line in self._lines])
        options.highlighted = min(at, len(self._lines) - 1) if self._lines else None
        said = self.query_one("#trouble", Static)
        said.update(clean(trouble, MAX_TEXT))
        said.display = bool(trouble)

    def on_key(self, event: events.Key) -> None:
        """Choose a line by its key."""
        for line in self._lines:
            if line.key and line.key == event.character:
                event.stop()
                self.dismiss(line.value)
                return
        if event.character and event.character in self._takes:
            event.stop()
            self.query_one(OptionList).action_select()
        elif event.character and event.character in self._leaves:
            event.stop()
            self.dismiss(None)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose a line."""
        message.stop()
        self.dismiss(self._lines[message.option_index].value)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def _drawn(self, line: MenuLine) -> Text:
        text = Text(no_wrap=not self.WRAPS, overflow="fold" if self.WRAPS else "ellipsis")
        if any(one.key for one in self._lines):
            text.append(f" {line.key:<2}", style="bold")
        if line.state:
            text.append(f" {look(line.state).shape}", state_style(line.state, self._colours))
        if any(one.name for one in self._lines):
            width = max(len(one.name) for one in self._lines)
            text.append(f" {line.name:<{width}} ", style="bold")
        return text.append(f" {clean(line.text, MAX_TEXT)}", style="not bold")

    @property
    def _colours(self) -> dict[str, str]:
        return self.app.theme_variables
