"""Actions in the footer: those of the screen, and those that fit the state of the selected row."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tui.actions import BY_ID, actions_for
from tui.actions.action import Action

_AGAIN = ("again", "Again")
_CHOOSE, _EDIT = ("choose", ""), ("edit_prompt", "Edit")
_OPEN, _ZOOM = ("open_file", "Open"), ("zoom", "")
_COMPARE, _BEST = ("compare", ""), ("compare_best", "")
_CAUSES, _RETRY, _WHY = ("causes", ""), ("retry", ""), ("view_text", "Why")
_PAUSE, _RESUME, _CANCEL = ("pause", ""), ("resume", ""), ("cancel", "")
_APPROVE = (("approve", ""), ("approve_all", ""), ("approvals", ""))

_FAILED = (_RETRY, _WHY, _EDIT, _CAUSES, _AGAIN)
_RUNNING = (_PAUSE, _CANCEL, _CAUSES, _CHOOSE, _EDIT)

BY_STATE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "preparing": (_CANCEL,),
    "queued": (("front", ""), _PAUSE, _CANCEL),
    "running": _RUNNING,
    "submitted": _RUNNING,
    "paused": (_RESUME, _CANCEL),
    "parked": (("notice", ""), _RESUME, _WHY, _CANCEL),
    "waiting": (*_APPROVE, _WHY, _CANCEL),
    "failed": _FAILED,
    "done_with_failures": _FAILED,
    "done": (_OPEN, _CHOOSE, _EDIT, _COMPARE, _ZOOM, _AGAIN, _BEST),
    "cancelled": (_RETRY, _AGAIN),
}
"""Actions by the state of a job or a batch, the most useful first: ids, and titles if others."""

_DEPENDENT = {id_ for actions in BY_STATE.values() for id_, _ in actions if BY_ID[id_].writes}
"""Actions that are in the footer only if they fit the state."""

_OF_BATCHES = {"causes"}
"""Actions that are about a batch wherever they are: not in the footer for a job."""

_AFTER = {"": 2, "compare": 7}
"""Rank of the last action before those of the state: to open, and to go back; to compare."""


def footer_actions(where: str, state: str, *, read_only: bool = False) -> Iterator[Action]:
    """Yield the actions of a screen's footer, the most useful first.

    Args:
        where: The screen.
        state: State of what is selected; empty if nothing is, or if it has none.
        read_only: True to leave out the actions that change anything.
    """
    known = {action.id: action for action in actions_for(where, read_only=read_only)}
    fitting = {
        id_: replace(known[id_], title=title or known[id_].title)
        for id_, title in BY_STATE.get(state, ())
        if id_ in known and (where == "batches" or id_ not in _OF_BATCHES)
    }
    others = [
        action
        for action in known.values()
        if action.footer and action.id not in fitting and action.id not in _DEPENDENT
    ]
    ranked = sorted(others, key=lambda action: action.footer or 0)
    after = _AFTER.get(where, _AFTER[""])
    yield from (action for action in ranked if (action.footer or 0) <= after)
    yield from fitting.values()
    yield from (action for action in ranked if (action.footer or 0) > after)
