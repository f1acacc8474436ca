"""Errors of signing."""

from engine.contract import Blocked
from engine.text.errors import UserError

THEN = "Then resume."
"""Last step of every remedy: the job then continues."""


class CannotSign(Blocked):
    """Files are to be signed and cannot be: nothing unsigned leaves, and nothing is lost."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message, reason="key", remedy=remedy)

    def __str__(self) -> str:
        """Return the message and the remedy, as one text."""
        return f"{self.message} {self.remedy}"

    def again(self) -> "CannotSign":
        """Return the same refusal for another call, without this one's traceback."""
        copy = type(self)(self.message, remedy=self.remedy)
        copy.lane = self.lane
        return copy


class KeysExist(UserError):
    """Keys are there already and are never overwritten."""


class CannotRead(UserError):
    """A file's statement cannot be looked for."""
