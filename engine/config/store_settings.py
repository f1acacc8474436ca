"""Settings of the store: how much of the history is kept."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*([hdw])")
_ROWS = re.compile(r"[0-9]{1,12}")


def keep_of(text: str) -> timedelta | int | None:
    """Return the amount of history that a setting names: an age, a number of rows, None for all.

    Args:
        text: `90d`, `12h`, `8w`, a number of rows, or empty for all.

    Raises:
        ValueError: It is none of these.
    """
    text = text.strip().lower()
    if not text:
        return None
    if duration := _DURATION.fullmatch(text):
        return timedelta(**{_UNITS[duration[2]]: float(duration[1])})
    if _ROWS.fullmatch(text):
        return int(text)
    raise ValueError("must be a duration such as 90d, 12h or 8w, a number of rows, or empty")


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value


def _checked(text: str) -> str:
    keep_of(text)
    return text.strip()


Amount = Annotated[str, BeforeValidator(_as_text), AfterValidator(_checked)]
"""A duration (`90d`, `12h`, `8w`), a number of newest rows, or empty for all."""


class StoreSettings(BaseModel):
    """Retention of history."""

    model_config = ConfigDict(extra="forbid")

    keep_events: int = Field(
        1_000_000, ge=1000, description="Number of newest events to keep; older ones are removed."
    )
    keep_errors: Amount = Field(
        "",
        description="Errors to keep: a duration (`90d`, `12h`, `8w`), a number of newest ones, or "
        "empty for all. One that a step or job has ended with loses its traceback only.",
    )
    keep_calls: Amount = Field(
        "",
        description="Calls of providers to keep, likewise; of steps that have not ended all are "
        "kept. Costs, tokens and numbers of calls stay the same.",
    )
    keep_traces: Amount = Field(
        "", description="Traces of requests and replies to keep, with their files, likewise."
    )
    keep_temporary_days: float = Field(
        14,
        ge=0,
        description="Days after which files that a finished job can compute again, such as the "
        "segments of films, are left to `safelight gc`.",
    )

    keep_uploads: Amount = Field(
        "30d",
        description="Files uploaded over the API to keep that no batch uses: a duration, a number "
        "of newest ones, or empty for all.",
    )
    keep_uploads_gib: float = Field(
        10,
        ge=0,
        le=1e6,
        description="Size of these in GiB; of more, the oldest are removed. Those of the last "
        "day stay.",
    )

    def uploads(self) -> tuple[timedelta | int | None, int]:
        """Return the amount of unused uploads that is kept, and their bytes."""
        return keep_of(self.keep_uploads), round(self.keep_uploads_gib * (1 << 30))

    def history(self) -> dict[str, timedelta | int]:
        """Return the amount that is kept of each kind of history, for kinds with a bound."""
        texts = {"errors": self.keep_errors, "calls": self.keep_calls, "traces": self.keep_traces}
        amounts = {kind: keep_of(text) for kind, text in texts.items()}
        return {kind: amount for kind, amount in amounts.items() if amount is not None}
