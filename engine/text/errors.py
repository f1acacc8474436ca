"""The base of the errors that a user can put right."""


class UserError(Exception):
    """Something that the user asked for or set up is wrong, and nothing was done.

    The command line, the dashboard and the API print it as it is and never as a traceback.

    Args:
        message: What is wrong, in a sentence without secrets.
        remedy: What to do about it, as a sentence; empty if the message itself says so.

    Attributes:
        message: The same.
        remedy: The same.
        waits: True if the request is right and something else has to be done first.
    """

    waits = False

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the message and the remedy, as one text."""
        return f"{self.message} {self.remedy}".rstrip()
