"""All notices in full: open their batch, or put them away."""

from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.choosing import ChoosingScreen
from tui.snapshots.notices import NoticeItem
from tui.states import look, state_style


class NoticesScreen(ChoosingScreen[NoticeItem | None]):
    """The notices, the worst first; dismissed with the one that is to be opened.

    Args:
        items: The notices.
        put_away: Called with a notice that is put away.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q,exclamation_mark", "leave", "Leave"),
        Binding("minus,delete", "put_away", "Put away"),
    ]

    def __init__(
        self, items: tuple[NoticeItem, ...], put_away: Callable[[NoticeItem], None]
    ) -> None:
        super().__init__()
        self._items = list(items)
        self._put_away = put_away

    def compose(self) -> ComposeResult:
        """Compose the notices and the keys."""
        with Vertical(id="notices"):
            yield OptionList(markup=False)
            yield Static("enter open   - put away until it changes   esc back", id="answers")

    def on_mount(self) -> None:
        """Show the notices."""
        self._show(0)

    def _show(self, at: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._drawn(item)) for item in self._items])
        options.highlighted = min(at, len(self._items) - 1)

    def _drawn(self, item: NoticeItem) -> Text:
        style = state_style(item.state, self.app.theme_variables)
        return Text.assemble((f"{look(item.state).shape} ", style), item.sentence)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Open the batch of a notice."""
        message.stop()
        self.dismiss(self._items[message.option_index])

    def action_put_away(self) -> None:
        """Hide the selected notice until it changes."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self._put_away(self._items.pop(at))
            if self._items:
                self._show(at)
            else:
                self.dismiss(None)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)
