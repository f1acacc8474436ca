"""Replies of Runway's API, read as they came.

Wire format: https://docs.dev.runwayml.com/api
"""

from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from engine.backends.common.reading import Files, Lenient, ReplyText

_WAITS = frozenset({"PENDING", "THROTTLED"})
_UNDER_WAY = _WAITS | {"RUNNING"}
_HAS_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
_REFUSED = ("SAFETY", "INPUT_PREPROCESSING.SAFETY")
_OUR_FAULT = ("ASSET.", "INPUT_PREPROCESSING.INVALID", "INVALID")
_MAX_CREDITS = 10**7


def _credits(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known and 0 <= value <= _MAX_CREDITS else None


class Cost(Lenient):
    """Cost of an ended task."""

    credits: Annotated[float | None, BeforeValidator(_credits)] = None


class Submitted(Lenient):
    """Reply to a submit."""

    id: str = ""


class Task(Lenient):
    """A task."""

    id: str = ""
    status: str = ""
    progress: float | None = None
    output: Files = ()
    failure: ReplyText = ""
    code: str = Field("", validation_alias=AliasChoices("failureCode", "failure_code"))
    cost: Cost = Cost()

    @property
    def is_under_way(self) -> bool:
        """True if it waits or runs."""
        return self.status in _UNDER_WAY

    @property
    def is_waiting(self) -> bool:
        """True if it has not begun."""
        return self.status in _WAITS

    @property
    def has_ended(self) -> bool:
        """True if it has succeeded, failed or been cancelled."""
        return self.status in _HAS_ENDED

    @property
    def fraction(self) -> float | None:
        """Its progress from 0 to 1, or None."""
        return self.progress if self.progress is not None and 0 <= self.progress <= 1 else None

    @property
    def clip(self) -> str:
        """Address of the clip; empty if there is none."""
        return next((one.url for one in self.output if one.url), "")

    @property
    def reason(self) -> str:
        """Reason of a failure and its code; may be empty."""
        return " ".join(filter(None, (self.failure, f"({self.code})" if self.code else "")))

    @property
    def is_refusal(self) -> bool:
        """True if moderation refused the request or the clip."""
        return self.code.startswith(_REFUSED)

    @property
    def is_our_fault(self) -> bool:
        """True if the same request fails again."""
        return self.code.startswith(_OUR_FAULT)
