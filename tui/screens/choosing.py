"""Base of screens with one list from which something is chosen: `j` and `k` move."""

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tui.bugs import ReportsBugs

Chosen = TypeVar("Chosen")


class ChoosingScreen(ReportsBugs, ModalScreen[Chosen]):
    """A screen with one list; a move is done before the next key is read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", show=False),
        Binding("k", "move(-1)", show=False),
    ]

    def action_move(self, step: int) -> None:
        """Go down or up."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()
