"""Concurrency and rate: alone, in lanes, and before a provider with a limit, on a clock."""

import random
import time
from collections.abc import Callable

import pytest

from bench.lanes import BAD_DAY, many_calls, run_skipping
from engine.config.settings import Settings
from engine.contract import Retryable
from engine.runtime.lanes.lane import AdmittedCall, Lane
from engine.runtime.lanes.lane_set import LaneChange, LaneSet, UnknownLane
from engine.runtime.lanes.limits import MINUTE, ConcurrencyLimit, RateWindow, TokenRate
from tests.support.toys import ToyBackend

pytestmark = pytest.mark.usefixtures("true_spans")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass when a test says so."""
    at = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])

    def let_pass(seconds: float) -> None:
        at[0] += seconds

    return let_pass


# -- width --------------------------------------------------------------------------------------


def test_a_new_lane_doubles_each_round_until_it_is_as_wide_as_configured() -> None:
    width = ConcurrencyLimit(20, adaptive=True, slow_start=True)
    rounds = [width.now]
    for _ in range(5):
        for _ in range(width.now):
            width.worked(in_flight=width.now)
        rounds.append(width.now)
    assert rounds == [2, 4, 8, 16, 20, 20]


def test_it_grows_only_while_it_is_what_holds_calls_up() -> None:
    width = ConcurrencyLimit(20, adaptive=True, slow_start=True)
    for _ in range(100):
        width.worked(in_flight=1)
    assert width.now == 2


def test_one_cut_for_each_episode_however_many_calls_are_refused() -> None:
    width = ConcurrencyLimit(16, adaptive=True)
    assert [width.overloaded(ticket, newest=40) for ticket in range(25, 41)] == [
        True,
        *[False] * 15,
    ]
    assert width.now == 8
    assert width.overloaded(41, newest=48)  # sent after the cut: still too many
    assert width.now == 4
    for ticket in (100, 200, 300, 400):
        width.overloaded(ticket, newest=ticket)
    assert width.now == 1


def test_after_a_cut_it_grows_by_one_a_round() -> None:
    width = ConcurrencyLimit(64, adaptive=True, slow_start=True)
    for _ in range(30):
        width.worked(in_flight=width.now)
    before = width.now
    width.overloaded(1, newest=1)
    cut = width.now
    for _ in range(cut + 1):
        width.worked(in_flight=width.now)
    assert (cut, width.now) == (before // 2, before // 2 + 1)


def test_it_is_never_wider_than_configured_and_follows_what_is_configured() -> None:
    width = ConcurrencyLimit(4, adaptive=True)
    width.worked(in_flight=4)
    assert width.now == 4
    width.resize(8)
    assert width.now == 8
    width.overloaded(1, newest=1)
    width.resize(6)
    assert width.now == 4  # what it has learned holds
    width.resize(2)
    assert width.now == 2


def test_a_lane_of_our_own_machine_does_not_adapt() -> None:
    width = ConcurrencyLimit(4)
    assert not width.overloaded(1, newest=1)
    width.worked(in_flight=4)
    width.resize(9)
    assert width.now == 9


# -- windows ------------------------------------------------------------------------------------


def test_never_more_than_so_many_within_any_minute(clock: Callable[[float], None]) -> None:
    lot, window, sent = random.Random(3), RateWindow(10), list[float]()
    for _ in range(400):
        clock(lot.choice([0.0, 0.1, 3.0]))
        if (wait := window.wait()) > 0:
            clock(wait)
            assert window.wait() == 0
        window.take()
        sent.append(time.monotonic())
    for number, at in enumerate(sent):
        assert sum(at <= other < at + 60 for other in sent[number:]) <= 10


@pytest.mark.parametrize(("per_minute", "waits"), [(0.5, 2 * MINUTE), (1, MINUTE), (2.5, 0.0)])
def test_rates_that_are_no_whole_number(
    clock: Callable[[float], None], per_minute: float, waits: float
) -> None:
    window = RateWindow(per_minute)
    window.take()
    assert window.wait() == pytest.approx(waits)


def test_what_was_sent_counts_when_the_rate_is_changed(clock: Callable[[float], None]) -> None:
    window = RateWindow(10)
    for _ in range(5):
        window.take()
    window.resize(3)
    assert window.wait() > 0
    window.resize(6)
    assert window.wait() == 0


def test_tokens_count_as_usual_until_they_are_known(clock: Callable[[float], None]) -> None:
    tokens = TokenRate(1000)
    tokens.end(tokens.begin(), 400)
    one, two = tokens.begin(), tokens.begin()
    assert (one, two) == (400, 400)
    assert tokens.window.wait() > 0  # two more that are usual fill the minute
    tokens.end(one, 100)
    tokens.end(two, 100)
    assert tokens.window.wait() == 0
    clock(MINUTE + 1)
    assert tokens.window.wait() == 0


# -- lanes --------------------------------------------------------------------------------------


async def _send(lane: Lane) -> AdmittedCall:
    async with lane.slot() as sent:
        return sent


async def test_a_limit_closes_the_lane_for_all_until_it_is_over(
    clock: Callable[[float], None],
) -> None:
    lane = Lane("l", 8, adaptive=True)
    sent = [await _send(lane) for _ in range(8)]
    for one in sent:
        lane.failed(Retryable("429", retry_after=20, pressure="limit"), one)
    row = lane.row()
    assert (row.state, row.concurrency, row.width) == ("cooling", 8, 4)
    assert row.message == "The provider's limit is reached; calls go on in 20 s."
    clock(15)
    lane.failed(Retryable("429", retry_after=2, pressure="limit"), sent[0])
    assert lane.state == "cooling"  # a shorter wait never opens it sooner
    clock(6)
    assert (lane.state, lane.row().message) == ("open", None)


async def test_a_wait_that_is_about_one_call_closes_nothing() -> None:
    lane = Lane("l", 8, adaptive=True)
    lane.failed(Retryable("503", retry_after=20, pressure="overload"), await _send(lane))
    assert (lane.state, lane.width) == ("open", 4)
    lane.failed(Retryable("500", retry_after=20), await _send(lane))
    assert (lane.state, lane.width) == ("open", 4)


async def test_who_waits_for_the_minute_takes_no_call_for_saturated() -> None:
    lane = Lane("l", 4, requests_per_minute=1, adaptive=True, slow_start=True)
    async with lane.slot():
        lane.succeeded()
    assert lane.width == 2


# -- before a provider with a limit --------------------------------------------------------------


@pytest.mark.parametrize("a_minute", [60, 120, 240])
def test_500_calls_reach_a_limit_without_passing_it(a_minute: int) -> None:
    run = many_calls(a_minute=a_minute)
    assert (run.sent, run.refused, run.lost) == (500, 0, 0)
    assert run.over <= 10


@pytest.mark.parametrize("seed", range(5))
def test_so_they_do_with_errors_resets_and_stalls(seed: int) -> None:
    run = many_calls(a_minute=120, faults=BAD_DAY, seed=seed)
    assert run.lost == 0
    assert run.sent > 500
    assert run.refused < 0.02 * run.sent
    assert run.over <= 10


@pytest.mark.parametrize("says_when", [True, False])
def test_a_limit_that_nobody_told_of_loses_nothing(says_when: bool) -> None:
    run = many_calls(a_minute=120, known=False, says_when=says_when)
    assert run.lost == 0
    assert run.refused < 0.02 * run.sent


def test_the_same_seed_gives_the_same_run() -> None:
    assert many_calls(a_minute=120, faults=BAD_DAY) == many_calls(a_minute=120, faults=BAD_DAY)


def test_the_clock_of_these_tests_skips_waits() -> None:
    import asyncio

    assert run_skipping(asyncio.sleep(3600)) == pytest.approx(3600)


# -- the lanes of an engine ----------------------------------------------------------------------


def test_what_an_operator_changes_holds_over_what_is_configured() -> None:
    lanes = LaneSet(Settings())
    backend = ToyBackend(lane="fal:model", concurrency=4, requests_per_minute=10, paid=True)
    lane = lanes.of(backend)
    assert (lane.concurrency, lane.width, lane.requests_per_minute) == (4, 2, 10)
    assert lanes.change("fal", LaneChange(concurrency=8)) == [lane]
    lanes.change("fal:model", LaneChange(requests_per_minute=0))
    lanes.reload(Settings())
    assert lanes.of(backend) is lane
    assert (lane.concurrency, lane.requests_per_minute) == (8, None)


def test_lanes_that_nobody_has_cannot_be_changed() -> None:
    lanes = LaneSet(Settings())
    lanes.of(ToyBackend(lane="toy"))
    for name in ("fal", "outputs", "to"):
        with pytest.raises(UnknownLane, match="there are: toy"):
            lanes.change(name, LaneChange(concurrency=2))


def test_who_is_free_starts_wide_and_our_own_machine_is_as_wide_as_it_is() -> None:
    lanes = LaneSet(Settings(engine={"cpu_workers": 3}))
    free = lanes.of(ToyBackend(lane="local", concurrency=4))
    own = lanes.of(ToyBackend(lane="builtin", concurrency=0))
    for lane in (free, own):
        lane.failed(Retryable("503", pressure="overload"))
    assert (free.concurrency, free.width) == (4, 4)
    free.failed(Retryable("503", pressure="overload"), AdmittedCall(1))
    own.failed(Retryable("503", pressure="overload"), AdmittedCall(1))
    assert (free.width, own.width) == (2, 3)
