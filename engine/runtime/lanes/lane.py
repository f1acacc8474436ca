"""Lanes: concurrency, rate and back-off of the calls to one account.

*When may this call be tried again* is the retry policy's question; *how long is this lane closed*
is the lane's.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

from db.clock import now
from db.rows import LaneRow
from engine.contract import Blocked, Retryable
from engine.runtime.lanes.adaptive_rate import AdaptiveRate
from engine.runtime.lanes.limits import ConcurrencyLimit, RateWindow, TokenRate

PROBE_SECONDS = 30.0
"""Seconds after which one job may try whether a blocked lane works again."""


@dataclass(slots=True)
class AdmittedCall:
    """A call that a lane has let through.

    Attributes:
        number: Its number in the order in which calls were sent, from 1.
        counted: The tokens that it is counted as until it has ended.
        tokens: The tokens that it took.
        at: When it was sent, on the clock of `time.monotonic`.
    """

    number: int
    counted: float = 0.0
    tokens: int = 0
    at: float = 0.0


class Lane:
    """Queue in front of one backend's account.

    Args:
        name: Its name, shared by backends that share an account.
        concurrency: Maximum number of concurrent calls.
        requests_per_minute: Maximum number of calls per minute, None for no limit.
        tokens_per_minute: Maximum number of tokens per minute, None for no limit.
        adaptive: True to reduce concurrency when the provider reports overload.
        slow_start: True to start with low concurrency.
        breaker_failures: Consecutive failures after which all calls wait.
        breaker_seconds: Seconds that they wait.
    """

    def __init__(
        self,
        name: str,
        concurrency: int,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        adaptive: bool = False,
        slow_start: bool = False,
        breaker_failures: int = 8,
        breaker_seconds: float = 30.0,
    ) -> None:
        self.name = name
        self.requests_per_minute: float | None = None
        self.in_flight = 0
        self.sent = 0
        self.blocked: Blocked | None = None
        self._tried: Blocked | None = None
        self.probing = False
        self.proved = False
        self._sending = 0
        self._width = ConcurrencyLimit(concurrency, adaptive=adaptive, slow_start=slow_start)
        self._learned = AdaptiveRate()
        self._spreads = slow_start
        self._window: RateWindow | None = None
        self._tokens = TokenRate(tokens_per_minute) if tokens_per_minute else None
        self._probe_at = 0.0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._breaker_failures = breaker_failures
        self._breaker_seconds = breaker_seconds
        self._failures = 0
        self._closed_until = 0.0
        self._closed_by_limit = False
        self.adjust(concurrency, requests_per_minute)

    @property
    def concurrency(self) -> int:
        """Maximum number of concurrent calls, as configured."""
        return self._width.most

    @property
    def width(self) -> int:
        """Number of concurrent calls allowed now."""
        return self._width.now

    def adjust(self, concurrency: int, requests_per_minute: float | None) -> None:
        """Change concurrency and rate; calls in flight are not affected."""
        self._width.resize(concurrency)
        if requests_per_minute != self.requests_per_minute:
            self.forget_rate()
        self.requests_per_minute = requests_per_minute
        if not requests_per_minute:
            self._window = None
        elif self._window is None:
            self._window = RateWindow(requests_per_minute)
        else:
            self._window.resize(requests_per_minute)
        self._admit()

    def adapt(
        self,
        concurrency: int,
        *,
        adaptive: bool,
        slow_start: bool,
        tokens_per_minute: float | None,
    ) -> None:
        """Says how the lane learns; what it has learned is kept where it learned before."""
        self._spreads = slow_start
        if adaptive != self._width.adaptive:
            self._width = ConcurrencyLimit(concurrency, adaptive=adaptive, slow_start=slow_start)
            self._learned.forget()  # calls in flight do not say any more how they end
        if not tokens_per_minute:
            self._tokens = None
        elif self._tokens is None:
            self._tokens = TokenRate(tokens_per_minute)
        else:
            self._tokens.window.resize(tokens_per_minute)

    def forget_rate(self) -> None:
        """Forget the learned rate; it is learned again."""
        self._learned.forget()

    def slot(self) -> "Slot":
        """A place among the calls in flight, as a context: `async with lane.slot() as sent`."""
        return Slot(self)

    async def take(self) -> AdmittedCall:
        """Wait for a slot among the calls in flight and take it.

        Raises:
            Blocked: The lane is blocked, or becomes so while waiting.
        """
        self._refuse_if_blocked()
        if self._waiters or self.in_flight >= self.width:
            await self._enter()
        else:
            self.in_flight += 1
        try:
            while (wait := self._wait()) > 0:
                self._refuse_if_blocked()
                await asyncio.sleep(min(wait, 1.0))
        except BaseException:
            self._leave()
            raise
        self._sending += 1
        return self._send()

    def give_back(self, sent: AdmittedCall) -> None:
        """Release the slot of a call that has ended, in any way."""
        self._sending -= 1
        if self._width.adaptive:
            self._learned.ended(sent.number, time.monotonic() - sent.at)
        if self._tokens is not None:  # made meanwhile, it counts the call all the same
            self._tokens.end(sent.counted, sent.tokens)
        self._leave()

    def _send(self) -> AdmittedCall:
        self.sent += 1
        if self._width.adaptive:
            self._learned.sent(self.sent)
        if self._window is not None:
            self._window.take()
        return AdmittedCall(
            self.sent, self._tokens.begin() if self._tokens else 0.0, at=time.monotonic()
        )

    async def _enter(self) -> None:
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
        while self._waiters and self.in_flight < self.width:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)

    def _wait(self) -> float:
        """Return the seconds until a call may be sent, as far as is known now."""
        wait = self._closed_until - time.monotonic()
        if self._width.adaptive:
            wait = max(wait, self._learned.wait(self.width, spread=self._spreads))
        if self._window is not None:
            wait = max(wait, self._window.wait())
        if self._tokens is not None:
            wait = max(wait, self._tokens.window.wait())
        return wait

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
        """Let calls through again."""
        self.blocked = self._tried = None
        self.probing = self.proved = False
        self._closed_until = 0.0
        self._failures = 0

    def try_again(self) -> None:
        """Let calls through to test whether the lane works; the first success proves it."""
        self.unblock()
        self.probing = True
        self._probe_at = time.monotonic() + PROBE_SECONDS

    def try_soon(self) -> None:
        """Let the next probe be now."""
        self._probe_at = 0.0

    def probe(self) -> bool:
        """Tries a lane that is blocked, or not proved since, again once each interval.

        Returns:
            Whether it is time to; then one parked job should be let go on.
        """
        waits = self.blocked is not None or (self.probing and not self.proved)
        if not waits or time.monotonic() < self._probe_at:
            return False
        still = self.blocked or self._tried
        self.try_again()
        self._tried = still
        return True

    def succeeded(self, sent: AdmittedCall | None = None) -> None:
        """Note a success: it resets the count of failures and proves a probed lane."""
        self._failures = 0
        self.proved = self.probing
        if self._width.adaptive:
            self._width.worked(self._sending)
            if sent is not None:
                self._learned.worked(sent.number)

    def failed(self, error: Retryable | None = None, sent: AdmittedCall | None = None) -> None:
        """A call failed in a way that may pass.

        Where too much was asked, the lane becomes narrower, and where a limit says for how long
        it holds, the lane is closed for as long, for all calls and not for this one alone. Too many
        failures in a row close it for a while.

        Args:
            error: How it failed.
            sent: The call.
        """
        if error is not None and error.pressure:
            number = sent.number if sent else self.sent
            expected = False
            if error.pressure == "limit" and self._width.adaptive:
                expected = self._learned.refused(
                    number, self.sent, error.retry_after, error.allowed
                )
            if not expected:
                self._width.overloaded(number, self.sent)
            if error.pressure == "limit" and error.retry_after is not None:
                self._close(error.retry_after, by_limit=True)
                return
        self._failures += 1
        if self._failures >= self._breaker_failures:
            self._close(self._breaker_seconds)
            self._failures = self._breaker_failures - 1  # one failure more closes it again

    def _close(self, seconds: float, *, by_limit: bool = False) -> None:
        until = time.monotonic() + seconds
        if until > self._closed_until:
            self._closed_until, self._closed_by_limit = until, by_limit

    @property
    def state(self) -> str:
        """`open`, `cooling` after many failures, or `blocked`, also while a job tries it."""
        if self._why_blocked is not None:
            return "blocked"
        return "cooling" if self._closed_until > time.monotonic() else "open"

    @property
    def _why_blocked(self) -> Blocked | None:
        """The error that blocks the lane, or did until a probe that is not proved yet."""
        return self.blocked or (None if self.proved else self._tried)

    def row(self) -> LaneRow:
        """Return the status of the lane."""
        blocked = self._why_blocked
        return LaneRow(
            name=self.name,
            state=self.state,
            reason=blocked.reason if blocked else None,
            message=_sentence(blocked) if blocked else self._why_closed(),
            concurrency=self.concurrency,
            width=self.width,
            requests_per_minute=self.requests_per_minute or self._learned.per_minute,
            in_flight=self.in_flight,
            waiting=sum(1 for waiter in self._waiters if not waiter.done()),
            updated_at=now(),
        )

    def _why_closed(self) -> str | None:
        left = self._closed_until - time.monotonic()
        if left <= 0 or not self._closed_by_limit:
            return None
        return f"The provider's limit is reached; calls go on in {left:.0f} s."


def _sentence(error: Blocked) -> str:
    return f"{error.message} {error.remedy}".strip()


class Slot:
    """A slot in a lane, held for the length of one call."""

    __slots__ = ("_lane", "_sent")

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def __aenter__(self) -> AdmittedCall:
        self._sent = await self._lane.take()
        return self._sent

    async def __aexit__(self, *_: object) -> None:
        self._lane.give_back(self._sent)
