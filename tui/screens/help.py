"""The actions of a screen, with their keys; enter runs one."""

from collections.abc import Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.actions import actions_for
from tui.actions.action import LISTS, WITH_LISTS, Action
from tui.actions.key_names import key_name, keys_of
from tui.keys import key_file
from tui.screens.choosing import ChoosingScreen
from tui.states import LOOKS

GROUPS = ("Step in", "Look", "Mark", "Keep", "Move", "Engine", "Safelight")

KEYS, NAMES = 16, 18
"""Widths of keys and names in cells."""


class HelpScreen(ChoosingScreen[str | None]):
    """All actions of a screen by group, those of this screen alone first; the chosen is the result.

    Args:
        where: The screen.
        keymap: The operator's own keys.
        read_only: True to leave out actions that change something.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,question_mark,q", "leave", "Leave"),
    ]

    def __init__(self, where: str, keymap: Mapping[str, str], *, read_only: bool) -> None:
        super().__init__()
        moves = actions_for("sheet" if where in LISTS else "list") if where in WITH_LISTS else ()
        here = [*actions_for(where, read_only=read_only), *moves]
        first = [(where.capitalize(), a) for a in here if a.is_of(where)]
        others = [(group, a) for group in GROUPS for a in here if a.group == group]
        self._actions = [*first, *(one for one in others if not one[1].is_of(where))]
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """Compose the actions, the legend of shapes, the path of the key file."""
        with Vertical(id="help"):
            yield OptionList(*self._options(), markup=False)
            yield Static(self._legend(), id="legend", markup=False)

    def _options(self) -> list[Option]:
        options, group = [], ""
        for heading, action in self._actions:
            if heading != group:
                group = heading
                options.append(Option(Text(f"{group}", style="bold underline"), disabled=True))
            options.append(Option(self._line(action), id=action.id))
        return options

    def _line(self, action: Action) -> Table:
        """Keys, name and help, each in a column of its own, so that wrapped lines are indented."""
        keys = " ".join(key_name(key) for key in keys_of(action, self._keymap)[:2])
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=KEYS, no_wrap=True, overflow="ellipsis")
        table.add_column(width=NAMES, no_wrap=True, overflow="ellipsis")
        table.add_column(ratio=1)
        table.add_row(Text(f" {keys}", style="bold"), Text(action.id), Text(action.help))
        return table

    @staticmethod
    def _legend() -> str:
        states = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
        shapes = "   ".join(f"{LOOKS[state].shape} {state}" for state in states)
        return f"{shapes}\nYour own keys: {key_file()}, [keys], lines such as: retry = 'ctrl+r'"

    @on(OptionList.OptionSelected)
    def chosen(self, message: OptionList.OptionSelected) -> None:
        """Dismiss with the chosen action."""
        self.dismiss(message.option.id)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)
