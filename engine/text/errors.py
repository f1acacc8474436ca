"""Base class of errors that a user can fix."""


class UserError(Exception):
    """A request or a setting of the user is wrong, and nothing was done.

    The command line, the dashboard and the API print it verbatim, never as a traceback.

    Args:
        message: Description of the error, in a sentence without secrets.
        remedy: Advice on how to fix it, as a sentence; empty if the message includes it.

    Attributes:
        message: The same.
        remedy: The same.
        waits: True if the request is valid but something else has to be done first.
    """

    waits = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the message and the remedy, as one text."""
        return f"{self.message} {self.remedy}".rstrip()
