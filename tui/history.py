"""Places that were visited, to go back and forward as a browser does."""

from tui.snapshots.places import Place

MAX_VISITS = 200
"""Maximum places that are kept; older ones are dropped."""


class History:
    """The places that were visited, and the present one among them.

    Attributes:
        screen: The place that is shown.
    """

    def __init__(self) -> None:
        self._visits: list[Place] = []
        self._here = -1
        self._expected: Place | None = None
        self.screen: Place | None = None

    def expect(self, place: Place) -> None:
        """Ignore the screens that are passed on the way to a place."""
        is_here = bool(self._visits) and place.is_same(self.screen)
        self._expected = None if is_here else place

    def visit(self, place: Place) -> None:
        """Record a place that is shown now; those that were left by going back are dropped."""
        self.screen = place
        if self._expected is not None and not place.is_same(self._expected):
            return
        self._expected = None
        if self._visits and place.is_same(self._visits[self._here]):
            return
        self._visits = [*self._visits[: self._here + 1], place][-MAX_VISITS:]
        self._here = len(self._visits) - 1

    def go(self, step: int) -> Place | None:
        """Go back or forward; return the place, None if there is none."""
        index = self._here + step
        if not 0 <= index < len(self._visits):
            return None
        self._here = index
        return self._visits[index]
