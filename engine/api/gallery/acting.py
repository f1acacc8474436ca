"""Actions of the registry as buttons of a page: those that fit a state and a permission."""

from collections.abc import Mapping

from db.queries.lists import BatchLine
from engine.api.auth.principal import Principal, Scope
from engine.api.commands import SCOPES
from engine.client.actions import OperatorAction, action_of

OFFERED = frozenset({"pause", "resume", "cancel", "retry", "undo"})
"""Verbs that a page sends by a plain button."""

_OF_JOB: Mapping[str, tuple[str, ...]] = {
    "queued": ("pause", "cancel"),
    "running": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
    "parked": ("resume", "cancel"),
    "waiting": ("cancel",),
    "failed": ("retry",),
    "cancelled": ("retry",),
}


def scope_of(verb: str) -> Scope:
    """Return the permission that an action needs."""
    return SCOPES.get(verb, "write")


def actions_of_job(state: str, principal: Principal) -> list[OperatorAction]:
    """Return the actions on a job in a state."""
    return _allowed(_OF_JOB.get(state, ()), principal)


def actions_of_batch(batch: BatchLine, principal: Principal) -> list[OperatorAction]:
    """Return the actions on a batch."""
    is_open = batch.ended < batch.total
    verbs = []
    if batch.held or batch.paused or batch.parked:
        verbs.append("resume")
    if is_open and not batch.held:
        verbs.append("pause")
    if batch.failed or batch.cancelled:
        verbs.append("retry")
    if is_open:
        verbs.append("cancel")
    return _allowed(verbs, principal)


def _allowed(verbs: tuple[str, ...] | list[str], principal: Principal) -> list[OperatorAction]:
    return [action_of(verb) for verb in verbs if principal.may(scope_of(verb))]
