"""The actions of a screen, with their keys; enter runs one."""

from collections.abc import Mapping, Sequence
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
from tui.actions.action import ALL, EVERYWHERE, LISTS, WITH_LISTS, Action
from tui.actions.key_names import key_name, keys_of
from tui.keys import key_file
from tui.screens.choosing import ChoosingScreen
from tui.states import LOOKS

GROUPS = ("Step in", "Look", "Mark", "Keep", "Move", "Engine", "Safelight")

HERE, GENERAL = "Here", "Everywhere"
"""Headings of what fits the selected row, and of what every screen has."""

KEYS, NAMES = 13, 18
"""Widths of keys and names in cells."""


class HelpScreen(ChoosingScreen[str | None]):
    """All actions of a screen by group, those of this screen alone first; the chosen is the result.

    Args:
        where: The screen.
        keymap: The operator's own keys.
        read_only: True to leave out actions that change something.
        first: Ids of those that fit what is selected, listed first.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,question_mark,q", "leave", "Leave"),
    ]

    def __init__(
        self,
        where: str,
        keymap: Mapping[str, str],
        *,
        read_only: bool,
        first: Sequence[str] = (),
    ) -> None:
        super().__init__()
        moves = actions_for("sheet" if where in LISTS else "list") if where in WITH_LISTS else ()
        here = [*actions_for(where, read_only=read_only), *moves]
        self._groups = _grouped(here, where, first)
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        """Compose the actions, the legend of shapes, the path of the key file."""
        with Vertical(id="help"):
            yield OptionList(*self._options(), markup=False)
            yield Static(self._legend(), id="legend", markup=False)

    def _options(self) -> list[Option]:
        options = []
        for group, actions in self._groups.items():
            options.append(Option(Text(group, style="bold underline"), disabled=True))
            options += [Option(self._line(action), id=action.id) for action in actions]
        return options

    def _line(self, action: Action) -> Table:
        """Keys, name and help, each in a column of its own, so that wrapped lines are indented."""
        names = [key_name(key) for key in keys_of(action, self._keymap)[:2]]
        both = " ".join(names)
        keys = both if len(both) < KEYS else names[0]
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=KEYS, no_wrap=True, overflow="ellipsis")
        table.add_column(width=NAMES, no_wrap=True, overflow="ellipsis")
        table.add_column(ratio=1)
        table.add_row(Text(f" {keys}", style="bold"), Text(action.id), Text(action.help))
        return table

    @staticmethod
    def _legend() -> str:
        states = ("queued", "running", "paused", "parked", "done", "failed", "cancelled")
        shapes = "  ".join(f"{LOOKS[state].shape} {state}" for state in states)
        path = str(key_file()).replace(str(Path.home()), "~")
        return f"{shapes}\nYour own keys: {path}, as retry = 'ctrl+r'"

    @on(OptionList.OptionSelected)
    def chosen(self, message: OptionList.OptionSelected) -> None:
        """Dismiss with the chosen action."""
        self.dismiss(message.option.id)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)


def _grouped(
    actions: Sequence[Action], where: str, first: Sequence[str]
) -> dict[str, list[Action]]:
    """Return the actions by heading: those that fit, then the screen's own, then the general.

    Args:
        actions: All actions of a screen.
        where: The screen.
        first: Ids of those that fit what is selected.
    """
    known = {action.id: action for action in actions}
    groups = {HERE: [known[id_] for id_ in first if id_ in known]}
    groups[where.capitalize()] = [a for a in actions if a.is_of(where) and a.id not in first]
    listed = {action.id for group in groups.values() for action in group}
    others = [action for action in actions if action.id not in listed]
    for name in GROUPS:
        groups[name] = [a for a in others if a.group == name and not _is_general(a)]
    groups[GENERAL] = [action for action in others if _is_general(action)]
    return {name: group for name, group in groups.items() if group}


def _is_general(action: Action) -> bool:
    return action.where in {ALL, EVERYWHERE}
