"""Actions in the footer: those of the screen, and those that fit the state of the selected row."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tui.actions import BY_ID, actions_for
from tui.actions.action import Action

_AGAIN = ("again", "Again")
_CHOOSE, _EDIT = ("choose", ""), ("edit_prompt", "Edit")
_VIEW, _ZOOM = ("open_file", ""), ("zoom", "")
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
    "done": (_VIEW, _CHOOSE, _EDIT, _COMPARE, ("sort_menu", ""), _BEST, _AGAIN, _ZOOM),
    "cancelled": (_RETRY, _AGAIN),
}
"""Actions by the state of a job or a batch, the most useful first: ids, and titles if others."""

NOTHING, UNMATCHED, FAULTLESS, NEW = "nothing", "unmatched", "faultless", "new"
"""In place of a state: there are no rows, none matches a filter, none is bad, none ever was."""

_CLEAR, _ALWAYS = "Clear filter", (("help", ""), ("quit", ""))

WITHOUT_A_ROW: Mapping[str, tuple[tuple[str, str], ...]] = {
    NOTHING: (
        ("back", ""), ("new_batch", ""), ("show_hidden", ""), ("next_tab", ""),
        ("edit_search", ""), ("wider", ""), ("narrower", ""),
    ),
    UNMATCHED: (("back", _CLEAR), ("clear", _CLEAR), ("filter", ""), ("faults", "")),
    FAULTLESS: (("back", ""), ("faults", "All again"), ("next_tab", "")),
    NEW: (("open", "Paint the demo"), ("new_batch", "New batch"), ("theme", "Theme")),
}  # fmt: skip
"""All actions of the footer where no row is, before help and quit."""

_OF_SEVERAL = {"compare", "compare_best", "sort_menu"}
"""Actions that need more than one row."""

_DEPENDENT = {id_ for actions in BY_STATE.values() for id_, _ in actions if BY_ID[id_].writes}
"""Actions that are in the footer only if they fit the state."""

_OF_BATCHES = {"causes"}
"""Actions that are about a batch wherever they are: not in the footer for a job."""

_AFTER = {"": 2, "compare": 7}
"""Rank of the last action before those of the state: to open, and to go back; to compare."""


def footer_actions(
    where: str, state: str, *, read_only: bool = False, lone: bool = False
) -> Iterator[Action]:
    """Yield the actions of a screen's footer, the most useful first.

    Args:
        where: The screen.
        state: State of what is selected, or why nothing is; empty if it has none.
        read_only: True to leave out the actions that change anything.
        lone: True if there are no two rows to compare or to sort.
    """
    known = {
        action.id: action
        for action in actions_for(where, read_only=read_only)
        if not (lone and action.id in _OF_SEVERAL)
    }
    if state in WITHOUT_A_ROW:
        yield from _titled(known, (*WITHOUT_A_ROW[state], *_ALWAYS)).values()
        return
    suited = (one for one in BY_STATE.get(state, ()) if _is_of(where, one[0]))
    fitting = _titled(known, suited)
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


def _titled(known: Mapping[str, Action], titles: Iterable[tuple[str, str]]) -> dict[str, Action]:
    """Return the known ones of some actions, with other titles if they have any here."""
    return {
        id_: replace(known[id_], title=title or known[id_].title)
        for id_, title in titles
        if id_ in known
    }


def _is_of(where: str, id_: str) -> bool:
    return where == "batches" or id_ not in _OF_BATCHES
