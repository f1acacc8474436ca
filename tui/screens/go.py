"""Going anywhere: an id, a name, a view, an action, or words to search."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from db.connect import connect_reader
from tui.bugs import ReportsBugs
from tui.snapshots.places import Place, find_places


@dataclass
class PlacesFound(Message):
    """The places that a text may mean."""

    text: str
    places: list[Place]


class GoScreen(ReportsBugs, ModalScreen[Place | None]):
    """Line for a place, and the places that it may mean; dismissed with one, or with None.

    Args:
        store: The store.
        actions: Actions of the screen below.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape", "leave", "Leave"),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, store: Path, actions: Sequence[Place]) -> None:
        super().__init__()
        self._store = store
        self._actions = actions
        self._places: list[Place] = []
        self._text = ""
        self._known: str | None = None
        self._is_waited_for = False

    def compose(self) -> ComposeResult:
        """Compose the line, the places and the keys."""
        with Vertical(id="go"):
            yield Input(placeholder="b4  j302  queue  a batch  an action  words", compact=True)
            places = OptionList(markup=False)
            places.can_focus = False
            yield places
            yield Static("enter  go      esc  leave", id="answers", markup=False)

    def on_mount(self) -> None:
        """Show the first places."""
        self._find("")

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        if message.value != self._text:
            self._is_waited_for = False
            self._find(message.value)

    def _find(self, text: str) -> None:
        self._text = text
        run = partial(self._look, text)
        self.run_worker(run, thread=True, exclusive=True, group="places", exit_on_error=False)

    def _look(self, text: str) -> None:
        """Read the places; in a thread."""
        connection = None
        try:
            connection = connect_reader(self._store) if self._store.exists() else None
            places = find_places(connection, text, self._actions)
        except sqlite3.Error:
            places = find_places(None, text, self._actions)
        finally:
            if connection is not None:
                connection.close()
        self.post_message(PlacesFound(text, places))

    @on(PlacesFound)
    def _show_places(self, message: PlacesFound) -> None:
        if message.text != self._text:
            return
        self._places, self._known = message.places, message.text
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_line(place)) for place in self._places])
        options.highlighted = 0 if self._places else None
        if self._is_waited_for:
            self._go()

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        """Go to the chosen place, once the places of all that was typed are known."""
        self._is_waited_for = True
        if message.value != self._text:
            self._find(message.value)
        elif message.value == self._known:
            self._go()

    def _go(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None and index < len(self._places):
            self.dismiss(self._places[index])

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Go to a place that was clicked."""
        self.dismiss(self._places[message.option_index])

    def action_move(self, step: int) -> None:
        """Go down or up in the list."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_leave(self) -> None:
        """Stay here."""
        self.dismiss(None)


def _line(place: Place) -> Text:
    text = Text(f" {place.title:<28} ", style="bold", no_wrap=True, overflow="ellipsis")
    return text.append(place.hint, style="not bold dim")
