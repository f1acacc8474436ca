"""The sides of a comparison: which of the things are shown, and which side is active."""

MAX_SIDES = 4


class Sides:
    """Numbers of the things that are side by side, none of them twice.

    Attributes:
        shown: Numbers of the things, from 0, by side.
        active: Number of the side that keys are about.
    """

    def __init__(self) -> None:
        self.shown: list[int] = []
        self.active = 0

    def fit(self, count: int) -> bool:
        """Return True if all that is shown is among so many things."""
        return bool(self.shown) and max(self.shown) < count

    def begin(self, count: int, sides: int, chosen: int) -> None:
        """Show some things that end with a chosen one, which is active.

        Args:
            count: Number of the things.
            sides: Number of the sides, if there are as many things.
            chosen: Number of the chosen one.
        """
        sides = min(max(2, min(MAX_SIDES, sides)), count)
        first = max(0, min(chosen - sides + 1, count - sides))
        self.shown = list(range(first, first + sides))
        self.active = max(0, chosen - first) if count else 0

    def pair(self, other: int, chosen: int) -> None:
        """Show another thing, and the chosen one after it."""
        self.shown, self.active = [other, chosen], 1

    def turn(self) -> None:
        """Make the next side the active one."""
        self.active = (self.active + 1) % max(1, len(self.shown))

    def move(self, step: int, count: int) -> bool:
        """Show the next thing, or the one before, that no other side shows; False if none is left.

        Args:
            step: 1 or -1.
            count: Number of the things.
        """
        here = self.shown[self.active] if self.shown else 0
        free = self._free(here, step, count)
        if free is not None:
            self.shown[self.active] = free
        return free is not None

    def add(self, count: int) -> bool:
        """Show one more thing, the next that is not shown; False if there is none or no room."""
        if not self.shown or len(self.shown) >= MAX_SIDES:
            return False
        free = self._free(self.shown[-1], 1, count)
        if free is not None:
            self.shown.append(free)
        return free is not None

    def remove(self) -> bool:
        """Show one thing fewer, never the active one; False if only two are shown."""
        if len(self.shown) <= 2:
            return False
        del self.shown[-1 if self.active < len(self.shown) - 1 else 0]
        self.active = min(self.active, len(self.shown) - 1)
        return True

    def put_beside(self, number: int) -> None:
        """Show a thing beside the active one, in place of another."""
        if number not in self.shown and len(self.shown) > 1:
            self.shown[self.active - 1 if self.active else 1] = number

    def _free(self, here: int, step: int, count: int) -> int | None:
        """Return the next number that is not shown, going around; None if all are."""
        around = ((here + step * distance) % count for distance in range(1, count))
        return next((number for number in around if number not in self.shown), None)
