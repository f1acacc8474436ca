"""Registry of the dashboard's actions; bindings, footer, help, palette and key file follow it."""

from collections.abc import Iterator

from textual.binding import Binding, BindingType

from tui.actions.action import Action
from tui.actions.comparing import COMPARING
from tui.actions.engine import ENGINE
from tui.actions.general import GENERAL
from tui.actions.keeping import KEEPING
from tui.actions.looking import LOOKING
from tui.actions.marking import MARKING
from tui.actions.moving import MOVING
from tui.actions.reading import READING
from tui.actions.scrubbing import SCRUBBING
from tui.actions.stepping_in import STEPPING_IN
from tui.actions.zooming import ZOOMING

ACTIONS: tuple[Action, ...] = (
    *MOVING,
    *LOOKING,
    *MARKING,
    *STEPPING_IN,
    *KEEPING,
    *COMPARING,
    *SCRUBBING,
    *ZOOMING,
    *READING,
    *ENGINE,
    *GENERAL,
)
"""All actions, in the order of the help."""

BY_ID = {action.id: action for action in ACTIONS}


def actions_for(where: str, *, read_only: bool = False) -> Iterator[Action]:
    """Return the actions of a screen."""
    for action in ACTIONS:
        if where in action.where and not (read_only and action.writes):
            yield action


def bindings(where: str) -> list[BindingType]:
    """Return a screen's bindings; their ids are the actions', so that a key map can change them."""
    return [
        Binding(",".join(a.keys), a.id, a.title, id=a.id, tooltip=a.help, show=False)
        for a in actions_for(where)
    ]
