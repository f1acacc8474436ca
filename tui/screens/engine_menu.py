"""Menu of the engine: start, stop, stop after what runs, restart, pause and resume everything."""

from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.client.actions import action_of
from tui.screens.choosing import ChoosingScreen
from tui.snapshots.header import Header

_RUNS = ("drain", "stop", "restart")
"""Verbs for an engine that runs, the gentlest first."""


class EngineMenu(ChoosingScreen[str | None]):
    """List of what can be done to the engine; dismissed with the verb, or with None.

    Args:
        head: State of the engine.
    """

    CSS_PATH = Path(__file__).with_suffix(".tcss")
    BINDINGS = [  # noqa: RUF012 - Textual's way
        Binding("escape,q,E", "leave", "Leave"),
    ]

    def __init__(self, head: Header) -> None:
        super().__init__()
        self._verbs = verbs_for(head)

    def compose(self) -> ComposeResult:
        """Compose the list and the keys."""
        with Vertical(id="menu"):
            yield Static("Engine", id="title", markup=False)
            yield OptionList(*(Option(_line(verb), id=verb) for verb in self._verbs), markup=False)
            yield Static("enter  choose      esc  leave", id="answers", markup=False)

    def on_mount(self) -> None:
        """Select the first."""
        self.query_one(OptionList).highlighted = 0

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose one."""
        self.dismiss(message.option.id)

    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(None)


def verbs_for(head: Header) -> tuple[str, ...]:
    """Return the verbs that apply to the engine as it is, the most useful first."""
    everything = "resume_all" if head.paused else "pause_all"
    if head.engine.state in {"none", "lost"}:
        return ("start", everything)
    drains = head.engine.state == "draining"
    return (*(verb for verb in _RUNS if verb != "drain" or not drains), everything)


def _line(verb: str) -> Text:
    action = action_of(verb)
    text = Text(f" {action.title:<20}", style="bold", no_wrap=True, overflow="ellipsis")
    return text.append(action.help, style="not bold")
