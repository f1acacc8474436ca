"""Lanes by themselves: who goes when, and what a refusal does."""

import asyncio
import time

import pytest

from engine.contract import Blocked
from engine.runtime.lanes import lane as lanes
from engine.runtime.lanes.lane import Lane

pytestmark = pytest.mark.usefixtures("true_spans")

NO_KEY = Blocked("The key is wrong.", reason="key", remedy="Mend it.")


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.at)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Caller:
    """A call that holds its place until it is released."""

    inside: bool

    def __init__(self, lane: Lane) -> None:
        self.inside = False
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._call(lane))

    async def _call(self, lane: Lane) -> None:
        async with lane.slot():
            self.inside = True
            try:
                await self._leave.wait()
            finally:
                self.inside = False

    async def leave(self) -> None:
        self._leave.set()
        await self.task


async def test_no_more_calls_than_the_lane_is_wide_and_first_come_first_served() -> None:
    lane = Lane("l", 2)
    callers = [Caller(lane) for _ in range(5)]
    await settle()
    assert [c.inside for c in callers] == [True, True, False, False, False]
    assert (lane.row().in_flight, lane.row().waiting) == (2, 3)
    await callers[1].leave()
    await settle()
    assert [c.inside for c in callers] == [True, False, True, False, False]
    late = Caller(lane)
    await callers[0].leave()
    await settle()
    assert (callers[3].inside, late.inside) == (True, False)
    for attempt in (callers[2], callers[3], callers[4], late):
        await attempt.leave()
    assert lane.in_flight == 0


async def test_who_gives_up_waiting_leaves_no_hole() -> None:
    lane = Lane("l", 1)
    one, two, three = Caller(lane), Caller(lane), Caller(lane)
    await settle()
    two.task.cancel()
    await one.leave()
    await settle()
    assert three.inside
    await three.leave()
    assert (lane.in_flight, two.task.cancelled()) == (0, True)


async def test_a_place_that_comes_as_the_wait_is_given_up_goes_to_the_next() -> None:
    lane = Lane("l", 1)
    one, two, three = Caller(lane), Caller(lane), Caller(lane)
    await settle()
    one._leave.set()
    await asyncio.sleep(0)  # one leaves, and gives its place to two
    assert lane.in_flight == 1
    two.task.cancel()
    await settle()
    assert three.inside
    await three.leave()
    assert lane.in_flight == 0


async def test_a_lane_that_is_made_wider_lets_waiters_in() -> None:
    lane = Lane("l", 1)
    callers = [Caller(lane) for _ in range(4)]
    await settle()
    lane.adjust(3, None)
    await settle()
    assert [c.inside for c in callers] == [True, True, True, False]
    lane.adjust(1, None)
    await callers[0].leave()
    await callers[1].leave()
    await settle()
    # one is still in flight, and one may be
    assert [c.inside for c in callers] == [False, False, True, False]
    await callers[2].leave()
    await settle()
    assert [c.inside for c in callers] == [False, False, False, True]
    await callers[3].leave()


async def test_a_blocked_lane_refuses_who_waits_and_who_comes() -> None:
    lane = Lane("l", 1)
    inside, waiting = Caller(lane), Caller(lane)
    await settle()
    lane.block(NO_KEY)
    await settle()
    coming = Caller(lane)
    await settle()
    for attempt in (waiting, coming):
        error = attempt.task.exception()
        assert isinstance(error, Blocked)
        assert (error.reason, error.lane, error.message) == ("key", "l", NO_KEY.message)
    assert inside.inside
    assert (lane.row().state, lane.row().reason) == ("blocked", "key")
    await inside.leave()
    lane.unblock()
    again = Caller(lane)
    await settle()
    assert again.inside
    await again.leave()


async def test_failures_in_a_row_close_the_lane_for_a_while(clock: Clock) -> None:
    lane = Lane("l", 1, breaker_failures=3, breaker_seconds=30)
    lane.failed()
    lane.failed()
    lane.succeeded()
    lane.failed()
    lane.failed()
    assert lane.state == "open"
    lane.failed()
    assert lane.state == "cooling"
    clock.at += 29
    assert lane.state == "cooling"
    clock.at += 2
    assert lane.state == "open"
    lane.failed()  # still broken: one is enough now
    assert lane.state == "cooling"
    clock.at += 31
    lane.succeeded()
    lane.failed()
    assert lane.state == "open"


async def test_a_call_waits_while_the_lane_cools(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = Lane("l", 1, breaker_failures=1, breaker_seconds=30)
    lane.failed()
    sleep = asyncio.sleep

    async def pass_time(seconds: float) -> None:
        clock.at += seconds
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pass_time)
    before = clock.at
    async with lane.slot():
        assert clock.at >= before + 30


async def test_a_blocked_lane_is_tried_once_each_interval_until_it_is_proved(clock: Clock) -> None:
    lane = Lane("l", 1)
    assert not lane.probe()
    lane.block(NO_KEY)
    assert not lane.probe()
    clock.at += lanes.PROBE_SECONDS
    assert lane.probe()
    assert lane.blocked is None
    assert not lane.probe()  # one try at a time
    clock.at += lanes.PROBE_SECONDS
    assert lane.probe()  # whoever tried never came to the lane: another one tries
    lane.block(NO_KEY)
    clock.at += lanes.PROBE_SECONDS
    assert lane.probe()
    lane.succeeded()
    assert lane.proved
    clock.at += lanes.PROBE_SECONDS
    assert not lane.probe()
    lane.unblock()
    lane.succeeded()
    assert not lane.proved


async def test_calls_a_minute_are_limited() -> None:
    lane = Lane("l", 10, requests_per_minute=2)
    callers = [Caller(lane) for _ in range(3)]
    await settle()
    assert [c.inside for c in callers] == [True, True, False]
    callers[2].task.cancel()
    await asyncio.gather(callers[0].leave(), callers[1].leave())
    await settle()
    assert lane.in_flight == 0


async def test_a_trial_that_ends_while_a_lane_does_not_learn_is_over() -> None:
    lane = Lane("a", 4, adaptive=True)
    lane._learned._try(0, time.monotonic() - 1000)
    sent = await lane.take()
    kinds = {"slow_start": False, "tokens_per_minute": None}
    lane.adapt(4, adaptive=False, **kinds)  # the settings were read again: 0 calls at once
    lane.give_back(sent)
    lane.adapt(4, adaptive=True, **kinds)  # and again: 4
    assert lane._wait() <= 0
