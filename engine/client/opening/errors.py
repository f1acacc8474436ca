"""Errors of opening a file."""

from pathlib import Path

from engine.text.errors import UserError


class CannotOpen(UserError):
    """A file cannot be opened here; the message says why, and where the file is.

    Attributes:
        path: A copy of the file, if there is one.
    """

    path: Path | None = None

    @classmethod
    def with_copy(cls, reason: str, path: Path) -> "CannotOpen":
        """Return the error for a file of which there is a copy."""
        error = cls(f"{reason} The file: {path}")
        error.path = path
        return error
