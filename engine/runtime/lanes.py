"""Lanes: how many calls go to one account at once, how fast, and what happens when it refuses.

*When may this call be made again* is the retry policy's question; *how long is this lane closed*
is the lane's.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiolimiter import AsyncLimiter

from db.clock import now
from db.rows import Lane as LaneRow
from engine.capabilities import Blocked

PROBE_SECONDS = 30.0
"""After this long one job may try whether a blocked lane works again."""


class Lane:
    """The queue before one backend's account.

    Args:
        name: Its name, shared by backends that share an account.
        concurrency: Calls at the same time.
        requests_per_minute: Calls a minute at most, None for no limit.
        breaker_failures: Failures in a row after which all calls wait.
        breaker_seconds: How long they wait.
    """

    def __init__(
        self,
        name: str,
        concurrency: int,
        *,
        requests_per_minute: float | None = None,
        breaker_failures: int = 8,
        breaker_seconds: float = 30.0,
    ) -> None:
        self.name = name
        self.concurrency = concurrency
        self.requests_per_minute = requests_per_minute
        self.in_flight = 0
        self.blocked: Blocked | None = None
        self.probing = False
        self.proved = False
        self._probe_at = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._limiter = AsyncLimiter(requests_per_minute, 60) if requests_per_minute else None
        self._breaker_failures = breaker_failures
        self._breaker_seconds = breaker_seconds
        self._failures = 0
        self._closed_until = 0.0

    def adjust(self, concurrency: int, requests_per_minute: float | None) -> None:
        """Changes how many calls go at once and a minute; calls in flight are left alone."""
        self.concurrency = concurrency
        if requests_per_minute != self.requests_per_minute:
            self.requests_per_minute = requests_per_minute
            self._limiter = AsyncLimiter(requests_per_minute, 60) if requests_per_minute else None
        self._admit()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Waits for a place among the calls in flight and holds it.

        Raises:
            Blocked: The lane is blocked, or becomes so while waiting.
        """
        await self._enter()
        try:
            await self._wait_until_open()
            if self._limiter is not None:
                await self._limiter.acquire()
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        self._refuse_if_blocked()
        if self.in_flight < self.concurrency and not self._waiters:
            self.in_flight += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except BaseException:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._leave()  # the place was given just as the wait was given up
            raise

    def _leave(self) -> None:
        self.in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiters and self.in_flight < self.concurrency:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)

    async def _wait_until_open(self) -> None:
        while (wait := self._closed_until - time.monotonic()) > 0:
            self._refuse_if_blocked()
            await asyncio.sleep(min(wait, 1.0))

    def _refuse_if_blocked(self) -> None:
        if self.blocked is not None:
            raise self.blocked.again()

    def block(self, error: Blocked) -> None:
        """Stops the lane: whoever waits and whoever comes is refused with `error`."""
        error.lane = self.name
        self.blocked = error
        self.probing = self.proved = False
        self._probe_at = time.monotonic() + PROBE_SECONDS
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error.again())

    def unblock(self) -> None:
        """Lets calls through again."""
        self.blocked = None
        self.probing = self.proved = False
        self._closed_until = 0.0
        self._failures = 0

    def try_again(self) -> None:
        """Lets calls through to see whether the lane works; the first that does proves it."""
        self.unblock()
        self.probing = True
        self._probe_at = time.monotonic() + PROBE_SECONDS

    def probe(self) -> bool:
        """Tries a lane that is blocked, or not proved since, again once each interval.

        Returns:
            Whether it is time to; then one parked job should be let go on.
        """
        waits = self.blocked is not None or (self.probing and not self.proved)
        if not waits or time.monotonic() < self._probe_at:
            return False
        self.try_again()
        return True

    def succeeded(self) -> None:
        """A call worked: the run of failures is over, and a probe has proved the lane."""
        self._failures = 0
        self.proved = self.probing

    def failed(self) -> None:
        """A call failed in a way that may pass; too many in a row close the lane for a while."""
        self._failures += 1
        if self._failures >= self._breaker_failures:
            self._closed_until = time.monotonic() + self._breaker_seconds
            self._failures = self._breaker_failures - 1  # one failure more closes it again

    @property
    def state(self) -> str:
        """`open`, `cooling` after many failures, or `blocked`."""
        if self.blocked is not None:
            return "blocked"
        return "cooling" if self._closed_until > time.monotonic() else "open"

    def row(self) -> LaneRow:
        """The lane as others see it."""
        blocked = self.blocked
        return LaneRow(
            name=self.name,
            state=self.state,
            reason=blocked.reason if blocked else None,
            message=_sentence(blocked) if blocked else None,
            concurrency=self.concurrency,
            in_flight=self.in_flight,
            waiting=sum(1 for waiter in self._waiters if not waiter.done()),
            updated_at=now(),
        )


def _sentence(error: Blocked) -> str:
    return f"{error.message} {error.remedy}".strip()
