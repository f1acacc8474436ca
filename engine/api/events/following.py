"""State of an open stream: it follows the changes of the store, from an event on."""

from collections.abc import Callable

from engine.api.events.pages import EventFilter
from engine.api.services import Services
from engine.api.serving.changes import Changes, Progress


class Following:
    """One open stream.

    Args:
        services: What requests of the server share.
        chosen: Events that it is about.
        after: Number of the newest event that the caller has.
        may_follow: Returns whether the token or the session still holds.
    """

    def __init__(
        self,
        services: Services,
        chosen: EventFilter,
        after: int,
        may_follow: Callable[[], bool] = lambda: True,
    ) -> None:
        self._services = services
        self._may_follow = may_follow
        self._changes: Changes = services.changes
        self._chosen = chosen
        self._after = after
        self._progress: Progress = services.changes.progress
