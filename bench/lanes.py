"""Lanes before a provider with a limit: how near to the ideal, on a clock that skips its waits.

Nothing sleeps: whenever nobody can go on, the clock jumps to the next moment at which somebody
can. So an hour of a provider's limits takes seconds, and each run of a seed is the same.
"""

import asyncio
import math
import random
import selectors
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal
from unittest import mock

from bench.figures import Figure, at_most
from engine.contract import Retryable
from engine.runtime.lanes.lane import Lane

TRIES = 4
"""Tries of a call, as `retry.tries` has it."""


class SkippingClock(selectors.DefaultSelector):
    """A clock, and the selector of an event loop that lets it jump instead of waiting."""

    at = 1000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout:
            self.at += timeout
        return ready


def run_skipping(work: Coroutine[Any, Any, Any]) -> float:
    """Runs something without sleeping; returns the seconds that it would have taken."""
    clock = SkippingClock()
    loop = asyncio.SelectorEventLoop(clock)
    with mock.patch.object(time, "monotonic", lambda: clock.at):
        started = clock.at
        try:
            loop.run_until_complete(work)
        finally:
            loop.close()
        return clock.at - started


@dataclass(frozen=True)
class Faults:
    """Failure rates of a provider: shares of the calls that it accepts."""

    errors: float = 0.0
    resets: float = 0.0
    stalls: float = 0.0


Counting = Literal["sliding", "fixed", "second"]
"""Window of a provider's limit: any minute, each minute of its clock, or any second."""


class Provider:
    """Answers after a second, takes `a_minute` calls in its way and refuses the others."""

    def __init__(
        self,
        a_minute: int,
        faults: Faults,
        randomness: random.Random,
        *,
        says_when: bool = True,
        counting: Counting = "sliding",
    ) -> None:
        self.a_minute, self.faults, self.random = a_minute, faults, randomness
        self.says_when, self.counting = says_when, counting
        self.span = 1 if counting == "second" else 60
        self.most = max(1, a_minute * self.span // 60)
        self.taken: deque[float] = deque()
        self.accepted = self.refused = 0
        self.stalled_until = 0.0

    async def call(self) -> None:
        await asyncio.sleep(self.random.uniform(0.01, 0.1))  # the way there
        moment = time.monotonic()
        while self.taken and self._is_over(self.taken[0], moment):
            self.taken.popleft()
        if len(self.taken) >= self.most:
            self.refused += 1
            start = self.taken[0] // 60 * 60 if self.counting == "fixed" else self.taken[0]
            wait = math.ceil(start + self.span - moment) if self.says_when else None
            raise Retryable("429", retry_after=wait, pressure="limit")
        self.taken.append(moment)
        self.accepted += 1
        await self._work()

    def _is_over(self, at: float, moment: float) -> bool:
        if self.counting == "fixed":
            return at // 60 < moment // 60
        return at + self.span <= moment

    async def _work(self) -> None:
        lot, faults = self.random.random(), self.faults
        if lot < faults.errors:
            await asyncio.sleep(0.2)
            raise Retryable("500")
        if lot < faults.errors + faults.resets:
            await asyncio.sleep(0.5)
            raise Retryable("connection reset")
        if lot > 1 - faults.stalls:
            self.stalled_until = max(self.stalled_until, time.monotonic() + 30)
            await asyncio.sleep(29)
        await asyncio.sleep(0.95)

    @property
    def tail(self) -> float:
        """Seconds in which the only work left was waiting for stalled calls."""
        return max(0.0, self.stalled_until - self.taken[-1] - 1)


@dataclass(frozen=True)
class Run:
    """Outcome of many calls.

    Attributes:
        seconds: Time that they took.
        ideal: Time at best: every call sent as soon as the provider's limit allows it, and
            nothing complete before the last stalled call.
        sent: Requests that reached the provider.
        refused: Number of them that it refused with 429.
        lost: Calls that had no answer in the end.
    """

    seconds: float
    ideal: float
    sent: int
    refused: int
    lost: int

    @property
    def over(self) -> float:
        """Excess over the ideal time, in percent."""
        return 100 * (self.seconds / self.ideal - 1)


async def _ask(lane: Lane, provider: Provider, randomness: random.Random) -> bool:
    """One call with its retries, as the runtime makes them."""
    for number in range(1, TRIES + 1):
        try:
            async with lane.slot() as sent:
                try:
                    await provider.call()
                except Retryable as error:
                    lane.failed(error, sent)
                    raise
                lane.succeeded(sent)
        except Retryable as error:
            wait = min(60.0, 2.0 ** (number - 1)) + randomness.random()
            await asyncio.sleep(wait if error.retry_after is None else error.retry_after)
        else:
            return True
    return False


def many_calls(
    *,
    a_minute: int,
    calls: int = 500,
    known: bool = True,
    says_when: bool = True,
    faults: Faults | None = None,
    concurrency: int = 16,
    seed: int = 1,
    counting: Counting = "sliding",
) -> Run:
    """Sends many calls through one lane.

    Args:
        a_minute: Limit of the provider in calls per minute.
        calls: Number of calls.
        known: True if the lane is configured with the provider's limit.
        says_when: True if the provider sends a retry time with a 429.
        faults: Other failures of the provider.
        concurrency: Maximum number of calls in flight.
        seed: Of all randomness.
        counting: Window of the provider's limit.
    """
    randomness = random.Random(seed)
    provider = Provider(
        a_minute, faults or Faults(), randomness, says_when=says_when, counting=counting
    )
    answers: list[bool] = []

    async def work() -> None:
        rate = a_minute if known else None
        lane = Lane("bench", concurrency, requests_per_minute=rate, adaptive=True, slow_start=True)
        answers.extend(
            await asyncio.gather(*(_ask(lane, provider, randomness) for _ in range(calls)))
        )

    seconds = run_skipping(work())
    limited = provider.span * ((provider.accepted - 1) // provider.most)
    ideal = max(limited, calls / concurrency) + 1 + provider.tail
    sent = provider.accepted + provider.refused
    return Run(seconds, ideal, sent, provider.refused, answers.count(False))


BAD_DAY = Faults(errors=0.03, resets=0.02, stalls=0.01)


def lanes(*, long: bool) -> list[Figure]:
    """500 calls of a second each before a provider that allows so many a minute."""
    found: list[Figure] = []
    for name, faults in (("", None), (", with 500s, resets and 30 s stalls", BAD_DAY)):
        runs = [
            many_calls(a_minute=rate, faults=faults, seed=seed)
            for rate in (60, 120, 240)
            for seed in range(20 if long else 5)
        ]
        worst = max(runs, key=lambda run: run.over)
        refused = 100 * max(run.refused / run.sent for run in runs)
        words = f"{{:.1f}} % ({worst.seconds:.0f} s, at best {worst.ideal:.0f} s)"
        found += [
            at_most(f"500 calls longer than ideal by{name}", worst.over, 10, words, " %"),
            at_most(f"refused with 429{name}", refused, 2, "{:.2f} %", " %"),
            at_most(f"calls lost{name}", sum(run.lost for run in runs), 0, "{:.0f}"),
        ]
    for says_when, how in ((True, "with retry times"), (False, "without retry times")):
        runs = [
            many_calls(a_minute=rate, known=False, says_when=says_when, seed=seed)
            for rate in (60, 120, 240)
            for seed in range(20 if long else 5)
        ]
        name = f" by a lane that finds the limit itself, {how}"
        worst = max(runs, key=lambda run: run.over)
        refused = 100 * max(run.refused / run.sent for run in runs)
        words = f"{{:.1f}} % ({worst.seconds:.0f} s, at best {worst.ideal:.0f} s)"
        found += [
            at_most(f"500 calls longer than ideal{name}", worst.over, 10, words, " %"),
            at_most(f"refused with 429{name}", refused, 2, "{:.2f} %", " %"),
            at_most(f"calls lost{name}", sum(run.lost for run in runs), 0, "{:.0f}"),
        ]
    return found
