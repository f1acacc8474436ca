"""One result of the doctor."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "hint", "problem"]
"""A problem makes the doctor fail; a hint is what is not in order and may stay so."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    Attributes:
        name: Name of the check.
        ok: True if it is in order.
        found: Result in a sentence.
        remedy: Remedy, empty if `ok`.
        optional: True if nothing depends on it now, so that it may stay as it is.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    optional: bool = False

    @property
    def state(self) -> State:
        """The state that its mark shows."""
        if self.ok:
            return "ok"
        return "hint" if self.optional else "problem"

    def document(self) -> dict[str, str | bool]:
        """Return it as `doctor --json` prints it."""
        return {
            "name": self.name,
            "ok": self.ok,
            "state": self.state,
            "found": self.found,
            "remedy": self.remedy,
        }
