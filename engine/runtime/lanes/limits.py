"""Concurrency and rate of a lane: its settings, and what it learns from its provider.

Width is learned as TCP does (additive increase, multiplicative decrease; RFC 5681): it grows only
while it is what holds calls up, and shrinks once for each episode of overload, however many of the
calls that were in flight then are refused.
"""

import math
import time
from collections import deque

FIRST_WIDTH = 2.0
"""Calls in flight that a lane which starts slowly begins with."""

MINUTE = 60.5
"""A provider's minute, in seconds, with room for calls that arrive sooner than those before."""


class ConcurrencyLimit:
    """Maximum number of calls in flight.

    Args:
        most: Maximum, as configured.
        adaptive: True to adapt to the provider's capacity; otherwise it is always `most`.
        slow_start: True to start small and double each round until the first overload.

    Attributes:
        most: Maximum.
        adaptive: True to adapt to the provider's capacity.
    """

    def __init__(self, most: int, *, adaptive: bool = False, slow_start: bool = False) -> None:
        self.most = most
        self.adaptive = adaptive
        self._doubling = adaptive and slow_start
        self._width = min(FIRST_WIDTH, most) if self._doubling else float(most)
        self._cut_until = 0

    @property
    def now(self) -> int:
        """Number of calls that may be in flight now, 1 to `most`."""
        return max(1, int(self._width)) if self.adaptive else self.most

    def resize(self, most: int) -> None:
        """Changes how many there may be at most; one that was at its most grows along."""
        follows = not self._doubling and self._width >= self.most
        self.most = most
        self._width = float(most) if follows else min(self._width, most)

    def worked(self, in_flight: int) -> None:
        """A call has worked, with so many in flight: where that was all there may be, it grows."""
        if not self.adaptive or in_flight < self.now or self._width >= self.most:
            return
        self._width = min(self.most, self._width + (1.0 if self._doubling else 1.0 / self._width))

    def overloaded(self, ticket: int, newest: int) -> bool:
        """Note that a call was refused because there were too many.

        Args:
            ticket: The call's number, in the order in which calls were sent.
            newest: The number of the call that was sent last.

        Returns:
            Whether the width was cut: calls that were sent before the last cut tell nothing new.
        """
        if not self.adaptive or ticket <= self._cut_until:
            return False
        self._doubling = False
        self._cut_until = newest
        self._width = max(1.0, self._width / 2)
        return True


class RateWindow:
    """Limit within any minute, whenever the provider's minutes start.

    Args:
        per_minute: Amount per minute, more than 0.
    """

    def __init__(self, per_minute: float) -> None:
        self._taken: deque[tuple[float, float]] = deque()
        self._used = 0.0
        self.resize(per_minute)

    def resize(self, per_minute: float) -> None:
        """Changes how much a minute; what was taken before counts on."""
        self._room = math.floor(max(1.0, per_minute))
        self._seconds = MINUTE * self._room / per_minute

    def take(self, amount: float = 1.0) -> None:
        """Counts something that is used now; a negative amount gives back what was too much."""
        self._taken.append((time.monotonic(), amount))
        self._used += amount

    def wait(self) -> float:
        """Return the seconds until there is room; 0 if there is room now."""
        moment = time.monotonic()
        while self._taken and self._taken[0][0] + self._seconds <= moment:
            self._used -= self._taken.popleft()[1]
        if not self._taken:
            self._used = 0.0  # no rounding is carried along
        if self._used < self._room:
            return 0.0
        left = self._used
        for at, amount in self._taken:
            left -= amount
            if left < self._room:
                return at + self._seconds - moment
        return 0.0


class TokenRate:
    """Limit of tokens per minute.

    What a call takes is known when it has ended; until then it counts as the calls before it did.
    """

    def __init__(self, per_minute: float) -> None:
        self.window = RateWindow(per_minute)
        self._usual = 0.0

    def begin(self) -> float:
        """Count a call that is sent now; return the tokens it counts as."""
        self.window.take(self._usual)
        return self._usual

    def end(self, counted: float, tokens: int) -> None:
        """Correct the count of a call, once its tokens are known."""
        self.window.take(tokens - counted)
        self._usual = tokens if not self._usual else 0.8 * self._usual + 0.2 * tokens
