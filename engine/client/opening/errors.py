"""Errors of opening a file."""

from engine.text.errors import UserError


class CannotOpen(UserError):
    """A file cannot be opened here; the message says why, and where the file is."""
