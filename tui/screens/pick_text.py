"""One of several texts of a part of a job: choose which to decide."""

from collections.abc import Mapping
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.text.terminal import clean
from tui.screens.choosing import ChoosingScreen


class PickTextScreen(ChoosingScreen[str | None]):
    """List of decisions on texts; dismissed with the chosen key, or with None.

    Args:
        keys: Keys of the decisions, with a hint on each.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q", "leave", "Leave"),
        Binding("e", "take", show=False),
    ]

    def __init__(self, keys: Mapping[str, str]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """Compose the decisions and the keys."""
        with Vertical(id="texts"):
            scope = next(iter(self._keys)).rpartition("/")[0]
            yield Static(f"Decide about {clean(scope, 60)}", id="title", markup=False)
            lines = (_line(key, hint) for key, hint in self._keys.items())
            yield OptionList(*map(Option, lines), markup=False)
            yield Static("enter  edit      esc  leave", id="answers", markup=False)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose a decision."""
        self.dismiss(list(self._keys)[message.option_index])

    def action_take(self) -> None:
        """Choose the decision under the cursor."""
        self.query_one(OptionList).action_select()

    def action_leave(self) -> None:
        """Decide nothing."""
        self.dismiss(None)


def _line(key: str, hint: str) -> Text:
    name = clean(key.rpartition("/")[2], 20)
    text = Text(f" {name:<12} ", style="bold", no_wrap=True, overflow="ellipsis")
    return text.append(clean(hint, 200), style="not bold")
