"""Errors by what the operator can do about them.

*Retryable*: it may work in a moment; the runtime waits and tries again. *Permanent*: this request
will never work; the job fails and the others go on. *Blocked*: something outside is needed (a key,
room on the disk); the lane stops, its jobs are parked, and they go on by themselves when it is
there. Anything else that is raised is a *bug*.

A `UserError` is none of these: what was asked for is wrong, and nothing was begun.
"""

from collections.abc import Callable
from typing import Any, Literal, Self

ParkReason = Literal[
    "key", "quota", "budget", "disk", "storage", "weights", "unknown-outcome", "approval", "backend"
]
"""Why a job is parked."""

Pressure = Literal["limit", "overload"]
"""Too much is asked: a `limit` of the account is reached, or the provider has an `overload`."""


class StepError(Exception):
    """Base of the errors that a backend or an agent raises on purpose.

    Args:
        message: What happened, in a sentence without secrets.
        remedy: What the operator can do about it.
        cost: What the failed call has cost all the same, in micro-dollars.

    Attributes:
        lacks_device: True if a model's device is missing or full, so that another one may do.
    """

    kind = "permanent"
    lacks_device = False

    def __init__(self, message: str, *, remedy: str = "", cost: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.cost = cost

    def __reduce__(self) -> "tuple[Callable[..., StepError], tuple[Any, ...]]":
        """Pickle with all fields: a model host's errors come from another process."""
        return restored_error, (type(self), self.message, self.__dict__.copy())


def restored_error(kind: type[StepError], message: str, fields: dict[str, Any]) -> StepError:
    """An error as it was pickled."""
    error = kind.__new__(kind, message)
    error.__dict__.update(fields)
    return error


class Retryable(StepError):
    """It may work in a moment.

    Args:
        message: What happened.
        retry_after: Seconds that the provider asks to wait, if it says so.
        resubmit: Whether the call that was submitted is lost, so that the next try has to submit
            again instead of resuming it.
        remedy: What the operator can do about it.
        cost: What the failed call has cost all the same, in micro-dollars.
        pressure: Where the call was refused because too much is asked: what is too small for it.
            The lane becomes narrower, and closes for `retry_after` where it is a limit.
        parks: Where nothing on this lane works while this lasts: why the lane is blocked, and its
            jobs are parked, once all tries are used up. Without it the step has failed then.
        allowed: Calls a minute that the provider says it allows, if it does.
    """

    kind = "retryable"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        resubmit: bool = False,
        remedy: str = "",
        cost: int = 0,
        pressure: Pressure | None = None,
        parks: ParkReason | None = None,
        allowed: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, cost=cost)
        self.retry_after = retry_after
        self.resubmit = resubmit
        self.pressure = pressure
        self.parks = parks
        self.allowed = allowed

    def without_resubmit(self, message: str = "", remedy: str = "") -> "Retryable":
        """Return the same error without the advice to submit again: the submission still exists.

        Args:
            message: Replaces what happened.
            remedy: What to do, if the error itself says nothing.
        """
        return Retryable(
            message or self.message,
            retry_after=self.retry_after,
            remedy=self.remedy or remedy,
            cost=self.cost,
            pressure=self.pressure,
            parks=self.parks,
            allowed=self.allowed,
        )

    def outlasted(self) -> "StepError":
        """Return the error after the last try: the lane's trouble, or this step's failure."""
        if self.parks is None:
            return self
        blocked = Blocked(self.message, reason=self.parks, remedy=self.remedy)
        blocked.cost = self.cost
        return blocked


class Permanent(StepError):
    """This request will never work.

    Args:
        message: What happened.
        remedy: What the operator can do about it.
        cost: What the failed call has cost all the same, in micro-dollars.
        uncertain: True if the call may have been carried out, at a cost that is not known.
        keeps_call: True if a retry goes back to the call, whose result exists, instead of making
            another one.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        cost: int = 0,
        uncertain: bool = False,
        keeps_call: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy, cost=cost)
        self.uncertain = uncertain
        self.keeps_call = keeps_call


class Rejected(Permanent):
    """An operator has rejected what a recipe asked approval for.

    A recipe may catch it and show something else under another key; otherwise its job fails.
    """


class Blocked(StepError):
    """Nothing on this lane works until something outside is mended."""

    kind = "blocked"

    def __init__(self, message: str, *, reason: ParkReason, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason
        self.lane: str | None = None

    def again(self) -> Self:
        """The same refusal for another call, without this one's traceback."""
        copy = type(self)(self.message, reason=self.reason, remedy=self.remedy)
        copy.lane = self.lane
        return copy


class OutcomeUnknown(StepError):
    """A call that costs money was sent and nobody knows whether it was carried out."""

    kind = "blocked"
