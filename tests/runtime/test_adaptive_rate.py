"""An unknown rate limit: alone, and before providers that count in several ways."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from bench.lanes import BAD_DAY, Counting, many_calls
from engine.config.settings import Settings
from engine.contract import Retryable
from engine.runtime.lanes.adaptive_rate import CALLS_A_REFUSAL, MANY_REFUSALS, SLACK, AdaptiveRate
from engine.runtime.lanes.lane import Lane
from engine.runtime.lanes.lane_set import LaneChange, LaneSet
from tests.support.effort import cases
from tests.support.toys import ToyBackend

pytestmark = pytest.mark.usefixtures("true_spans")

MINUTE = 60 + SLACK[-1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass when a test says so."""
    at = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])

    def let_pass(seconds: float) -> None:
        at[0] += seconds

    return let_pass


class Calls:
    """Sends calls by a rate, each taking no time."""

    def __init__(self) -> None:
        self.rate = AdaptiveRate()
        self.number = 0

    def send(self, count: int = 1) -> None:
        """Sends so many, whether it may or not; all of them are taken."""
        for _ in range(count):
            self.number += 1
            self.rate.sent(self.number)
            self.rate.worked(self.number)
            self.rate.ended(self.number, 0.0)

    def refuse(
        self, count: int = 1, *, wait: float | None = None, a_minute: float | None = None
    ) -> None:
        """Sends so many that are on their way together and are all refused."""
        numbers = range(self.number + 1, self.number + count + 1)
        for number in numbers:
            self.rate.sent(number)
        self.number += count
        for number in numbers:
            self.rate.refused(number, self.number, wait, a_minute)
            self.rate.ended(number, 0.0)

    def send_all_there_is_room_for(self, most: int = 10_000) -> int:
        """Sends until it has to wait, to a provider that takes so many; returns how many it took.

        The first call that is one too many is refused, and asked to wait for a minute.
        """
        taken = 0
        while self.rate.wait(8) <= 0:
            if taken == most:
                self.refuse(wait=60)
            else:
                self.send()
                taken += 1
        return taken


@pytest.fixture
def calls(clock: Callable[[float], None]) -> Calls:
    return Calls()


def test_nothing_is_held_up_before_the_first_refusal(calls: Calls) -> None:
    calls.send(500)
    assert calls.rate.wait(8) == 0
    assert (calls.rate.limit, calls.rate.per_minute) == (None, None)


def test_the_limit_is_what_was_taken_within_the_span_that_the_wait_is_of(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(30)
    clock(8)
    calls.send(10)
    calls.refuse(4, wait=52)
    assert (calls.rate.limit, calls.rate.per_minute) == (40, 40)
    clock(52.0)
    assert calls.rate.wait(8) == pytest.approx(MINUTE - 60)
    clock(MINUTE - 60)
    assert calls.send_all_there_is_room_for() == 30
    clock(8)
    assert calls.send_all_there_is_room_for() == 10


def test_a_short_wait_is_of_a_short_span(calls: Calls, clock: Callable[[float], None]) -> None:
    for _ in range(20):
        calls.send(5)
        clock(1.0)
    calls.send(5)
    calls.refuse(wait=1)
    assert (calls.rate.limit, calls.rate.per_minute) == (5, 300)


def test_a_wait_of_an_hour_is_no_rate(calls: Calls) -> None:
    calls.send(3)
    calls.refuse(wait=3600)
    assert calls.rate.limit is None


def test_without_a_word_of_when_single_calls_find_the_span(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(40)
    clock(5)
    calls.refuse(3)
    assert calls.rate.per_minute is None
    for passed in (1.3, 10.3):
        assert calls.rate.wait(8) > passed - 0.1
        clock(passed)
        assert calls.rate.wait(8) == 0
        calls.refuse()
    left = calls.rate.wait(8)
    assert left == pytest.approx(MINUTE - 5 - 1.3 - 10.3)  # the first call leaves the minute then
    clock(left)
    calls.number += 1
    calls.rate.sent(calls.number)
    assert calls.rate.wait(8) > 0  # one at a time, until it has an answer
    calls.rate.worked(calls.number)
    calls.rate.ended(calls.number, 0.0)
    assert calls.rate.per_minute == 40
    assert calls.send_all_there_is_room_for() == 39


def test_a_trial_that_ends_without_an_answer_is_made_again(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(40)
    calls.refuse()
    clock(1.3)
    calls.rate.sent(100)
    assert calls.rate.wait(8) > 0
    calls.rate.ended(100, 0.2)  # it was cancelled, say
    assert calls.rate.wait(8) == 0


def test_what_the_provider_says_it_allows_is_taken(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(3)
    calls.refuse(wait=1, a_minute=90)
    assert (calls.rate.limit, calls.rate.per_minute) == (90, 90)
    clock(1)
    assert calls.send_all_there_is_room_for() == 87


def test_more_is_tried_for_a_share_of_the_calls(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(40)
    calls.refuse(wait=60)
    refused_before, sent = 1, 0
    refusals = list[int]()
    for _ in range(40):
        clock(MINUTE)
        before = calls.number
        taken = calls.send_all_there_is_room_for(most=40)
        sent += calls.number - before
        if calls.number - before > taken:
            refusals.append(sent)
            assert calls.rate.limit == 40  # what has held is not lost
        assert taken == 40
    assert refused_before + len(refusals) <= 1 + sent / CALLS_A_REFUSAL
    assert len(refusals) >= 8


def test_a_limit_that_has_become_higher_is_found_within_spans_not_hours(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(40)
    calls.refuse(wait=60)
    taken = []
    for _ in range(10):
        clock(MINUTE)
        taken.append(calls.send_all_there_is_room_for(most=400))
    assert taken[0] == 40
    assert max(taken) == 400
    assert taken[-1] >= 300


def test_a_limit_that_has_become_lower_is_followed_by_half_at_most(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(40)
    calls.refuse(wait=60)
    clock(MINUTE)
    calls.send(4)  # others use the account meanwhile
    calls.refuse(2, wait=60)
    assert calls.rate.limit == 20


def test_many_refusals_within_a_short_span_are_of_a_longer_one(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    calls.send(5)
    calls.refuse()
    clock(1.3)
    calls.send()  # the trial after a second is taken by chance
    assert calls.rate.per_minute == 300
    clock(1.2)
    calls.refuse(MANY_REFUSALS)
    assert calls.rate.per_minute is None
    assert calls.rate.wait(8) > 9


def test_too_few_calls_say_nothing(calls: Calls) -> None:
    calls.refuse(wait=50)
    assert calls.rate.limit is None
    calls.send(2)
    calls.refuse(wait=50)
    assert calls.rate.limit is None


def test_calls_are_spread_until_a_limit_is_known(
    calls: Calls, clock: Callable[[float], None]
) -> None:
    for number in range(20):
        calls.rate.sent(number)
        calls.rate.ended(number, 30.0 if number == 19 else 2.0)  # the last one stalled
    assert calls.rate.wait(width=10) == pytest.approx(0.1)
    clock(0.1)
    assert calls.rate.wait(width=10) <= 0


async def _send(lane: Lane) -> int:
    async with lane.slot() as sent:
        lane.succeeded(sent)
    return sent.number


async def test_a_lane_shows_what_it_has_learned_until_an_operator_says_another(
    clock: Callable[[float], None],
) -> None:
    lane = Lane("l", 8, adaptive=True)
    for _ in range(12):
        await _send(lane)
    async with lane.slot() as sent:
        lane.failed(Retryable("429", retry_after=60, pressure="limit"), sent)
    assert (lane.requests_per_minute, lane.row().requests_per_minute) == (None, 12)
    lane.adjust(8, 30)
    assert lane.row().requests_per_minute == 30
    lane.adjust(8, None)
    assert lane.row().requests_per_minute is None


async def test_an_operator_s_word_makes_a_lane_forget(clock: Callable[[float], None]) -> None:
    lanes = LaneSet(Settings())
    lane = lanes.of(ToyBackend(lane="fal:model", concurrency=8, paid=True))
    for _ in range(12):
        await _send(lane)
    async with lane.slot() as sent:
        lane.failed(Retryable("429", retry_after=60, pressure="limit"), sent)
    lanes.change("fal", LaneChange(concurrency=4))
    assert lane.row().requests_per_minute == 12
    lanes.change("fal", LaneChange(requests_per_minute=0))
    assert lane.row().requests_per_minute is None


async def test_a_lane_of_our_own_machine_learns_nothing(clock: Callable[[float], None]) -> None:
    lane = Lane("l", 8)
    for _ in range(12):
        await _send(lane)
    async with lane.slot() as sent:
        lane.failed(Retryable("429", retry_after=60, pressure="limit"), sent)
    assert lane.row().requests_per_minute is None


@pytest.mark.parametrize("faults", [None, BAD_DAY], ids=["well", "bad-day"])
@pytest.mark.parametrize("says_when", [True, False], ids=["told", "not-told"])
@cases("a_minute", [120, 60], usual=1)
@cases("seed", [1, 2], usual=1)
def test_500_calls_find_the_limit_with_few_refusals(
    a_minute: int, says_when: bool, faults: Any, seed: int
) -> None:
    run = many_calls(
        a_minute=a_minute,
        known=False,
        says_when=says_when,
        faults=faults,
        seed=seed,
    )
    assert run.lost == 0
    assert run.refused < 0.02 * run.sent
    assert run.over <= 10


@pytest.mark.parametrize(("counting", "most"), [("fixed", 7), ("second", 5)])
@pytest.mark.parametrize("says_when", [True, False], ids=["told", "not-told"])
@cases("a_minute", [120, 60, 240], usual=1)
def test_providers_that_count_otherwise_are_not_pestered_either(
    counting: Counting, most: int, says_when: bool, a_minute: int
) -> None:
    run = many_calls(a_minute=a_minute, known=False, says_when=says_when, counting=counting)
    assert run.lost == 0
    assert run.refused < most / 100 * run.sent
    assert run.over <= 20
