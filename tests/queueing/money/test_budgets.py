"""Budgets: never exceeded, whatever calls cost, however they fail, whoever is killed."""

import asyncio
import os
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.queries import jobs as job_queries
from db.writes.spending import set_budget
from engine.contract import Blocked, CallContext, OutcomeUnknown, Permanent, Retryable
from engine.recipes.refine.agents.refiner import RefineRequest
from tests.queueing.money.conftest import Ledger, PaidToy
from tests.support.effort import scaled
from tests.support.engines import PATIENCE, Toy, eventually, quick_settings
from tests.support.toys import Reply

Paid = Callable[..., Toy]
WORST = 1000


async def test_a_batch_stops_at_its_budget_and_goes_on_when_it_is_raised(paid: Paid) -> None:
    toy = paid()
    batch = toy.queue(4, {"steps": 1}, budget=2500)
    await toy.run()
    assert toy.batch(batch).cost == 2000
    assert toy.batch(batch).jobs == {"done": 2, "parked": 2}
    [one, _] = [job for job in toy.jobs() if job.state == "parked"]
    assert (one.reason, one.lane) == ("budget", None)
    assert one.message == (
        "The budget of the batch is $0.0025: $0.0020 is spent, and a call to toy (toy-1) may cost "
        "$0.0010. To go on, raise it (safelight budget BATCH DOLLARS), then resume the batch."
    )
    with toy.store.alone() as write:
        write(lambda c: set_budget(c, batch, 4000))
    toy.command("resume", batch=batch)
    await toy.run()
    assert toy.batch(batch).jobs == {"done": 4}
    assert toy.batch(batch).cost == 4000


@pytest.mark.parametrize(
    ("limit", "name"), [("total", "The workspace's budget is"), ("day", "budget of the day is")]
)
async def test_the_workspace_has_limits_over_all_batches(paid: Paid, limit: str, name: str) -> None:
    toy = paid(budget={limit: 0.003})
    first, second = toy.queue(2, {"steps": 1}), toy.queue(2, {"steps": 1}, name="two")
    await toy.run()
    assert toy.batch(first).cost + toy.batch(second).cost == 3000
    [parked] = [job for batch in (first, second) for job in toy.jobs(batch) if job.reason]
    assert name in str(parked.message)


async def test_a_price_that_is_not_known_is_no_price_of_zero(paid: Paid) -> None:
    toy = paid(worst=None)
    batch = toy.queue(1, {"steps": 1}, budget=10**9)
    await toy.run()
    [job] = toy.jobs(batch)
    assert job.state == "parked"
    assert "what a call to toy (toy-1) may cost is not known" in str(job.message)
    assert "--set toy.price" in str(job.message)
    assert toy.backend.asked == []
    free = toy.queue(1, {"steps": 1}, name="free")
    await toy.run()
    assert toy.batch(free).jobs == {"done": 1}


async def test_what_is_free_goes_on_when_the_money_is_spent(paid: Paid) -> None:
    toy = paid(paid=False, budget={"total": 0.0})
    toy.backend.reply = None
    toy.queue(2, {"steps": 2})
    await toy.run()
    assert toy.batch().jobs == {"done": 2}


async def test_a_call_waits_for_those_under_way_that_may_cost_less(paid: Paid) -> None:
    """Twenty calls of 10 each fit into a budget that has room for two worst cases."""

    async def cheap(_request: RefineRequest, context: CallContext) -> None:
        await asyncio.sleep(0.001)
        context.cost(10)

    toy = paid(reply=cheap)
    toy.queue(20, {"steps": 1}, budget=2200)
    await toy.run()
    assert toy.batch().jobs == {"done": 20}
    assert toy.batch().cost == 200


async def test_no_budget_reserves_and_costs_as_ever(paid: Paid) -> None:
    toy = paid()
    toy.queue(3, {"steps": 2})
    await toy.run()
    assert (toy.batch().cost, toy.batch().presumed) == (6000, 0)
    assert open_reservations(toy) == 0


async def test_a_call_of_unknown_outcome_counts_as_its_worst_case(paid: Paid) -> None:
    def unknown(_request: RefineRequest, _context: CallContext) -> None:
        raise OutcomeUnknown("It was cut.")

    toy = paid(reply=unknown)
    toy.queue(3, {"steps": 1, "seed": 1}, budget=2500)
    await toy.run()
    assert sorted(str(job.reason) for job in toy.jobs()) == [
        "budget",
        "unknown-outcome",
        "unknown-outcome",
    ]
    assert open_reservations(toy) == 2000
    toy.backend.reply = None
    [one, _] = [job for job in toy.jobs() if job.reason == "unknown-outcome"]
    with toy.store.alone() as write:
        write(lambda c: set_budget(c, 1, 3000))
    toy.command("retry", job=one.id)
    await toy.run()
    assert (toy.batch().cost, toy.batch().presumed) == (1000, 1000)
    assert open_reservations(toy) == 1000


@pytest.mark.parametrize(
    "end",
    [Retryable("cut"), Permanent("refused"), OutcomeUnknown("cut"), ZeroDivisionError()],
    ids=lambda end: type(end).__name__,
)
async def test_finished_work_is_counted_once_whatever_becomes_of_it(
    paid: Paid, end: Exception
) -> None:
    seen = []

    async def finished(_request: RefineRequest, context: CallContext) -> None:
        if context.request_id is None:
            await context.submitted("r-1")
        await context.charged(700)
        seen.append((toy.batch().cost, open_reservations(toy)))  # as others see it meanwhile
        raise end

    toy = paid(reply=finished, resumable=True)
    toy.queue(1, {"steps": 1}, budget=1000)
    await toy.run()
    assert set(seen) == {(700, 0)}
    assert len(seen) == (3 if isinstance(end, Retryable) else 1)
    assert (toy.batch().cost, toy.batch().presumed, open_reservations(toy)) == (700, 0, 0)
    assert toy.steps()[0].cost == 700
    [call, *others] = toy.read(lambda c: job_queries.api_calls(c, 1))
    assert (call.cost, [other.cost for other in others]) == (700, [0] * len(others))


async def test_an_answer_that_is_not_read_is_presumed_to_have_cost_its_worst(paid: Paid) -> None:
    def unread(_request: RefineRequest, context: CallContext) -> None:
        context.cost(300)
        raise Permanent("too large", uncertain=True)

    toy = paid(reply=unread)
    toy.queue(1, {"steps": 1}, budget=1000)
    await toy.run()
    assert (toy.batch().cost, toy.batch().presumed, open_reservations(toy)) == (300, 700, 0)


async def test_what_the_last_try_has_cost_counts_if_the_lane_is_blocked_by_it(paid: Paid) -> None:
    def unreachable(_request: RefineRequest, context: CallContext) -> None:
        context.cost(300)
        raise Retryable("no connection", parks="backend")

    toy = paid(reply=unreachable)
    toy.queue(1, {"steps": 1}, budget=2000)
    await toy.run()
    assert (toy.jobs()[0].reason, len(toy.backend.asked)) == ("backend", 3)
    assert (toy.batch().cost, open_reservations(toy)) == (900, 0)


async def test_an_id_that_finds_nothing_again_keeps_no_reservation(paid: Paid) -> None:
    def blocked(_request: RefineRequest, context: CallContext) -> None:
        context.request_id = "req-1"
        context.cost(300)
        raise Blocked("no money", reason="quota")

    toy = paid(reply=blocked)
    toy.queue(1, {"steps": 1}, budget=2000)
    await toy.run()
    assert (toy.jobs()[0].reason, toy.batch().cost, open_reservations(toy)) == ("quota", 300, 0)


async def test_a_call_made_again_is_counted_again(paid: Paid) -> None:
    async def lost(_request: RefineRequest, context: CallContext) -> None:
        await context.submitted("r-1")
        await context.charged(700)
        if len(toy.backend.asked) == 1:
            raise Retryable("gone", resubmit=True)

    toy = paid(reply=lost, resumable=True)
    toy.queue(1, {"steps": 1}, budget=2000)
    await toy.run()
    assert (toy.batch().cost, toy.batch().presumed, open_reservations(toy)) == (1400, 0, 0)


@pytest.mark.parametrize("asks", [True, False])
async def test_a_cheap_call_at_its_deadline_is_made_again(paid: Paid, asks: bool) -> None:
    async def slow_once(_request: RefineRequest, _context: CallContext) -> None:
        if len(toy.backend.asked) == 1:
            await asyncio.sleep(PATIENCE)

    toy = paid(reply=slow_once, asks_about=asks)
    toy.settings.engine.deadline_seconds = 0.2
    toy.queue(1, {"steps": 1}, budget=2000)
    await toy.run()
    [job] = toy.jobs()
    assert (job.state, len(toy.backend.asked)) == (("parked", 1) if asks else ("done", 2))
    assert (toy.batch().presumed, open_reservations(toy)) == ((0, 1000) if asks else (1000, 0))


async def test_what_an_operator_was_asked_about_is_not_made_again_by_a_resume(paid: Paid) -> None:
    def unknown(_request: RefineRequest, _context: CallContext) -> None:
        raise OutcomeUnknown("cut")

    toy = paid(reply=unknown, asks_about=False)
    toy.queue(1, {"steps": 1})
    await toy.run()
    toy.command("resume", batch=1)
    await toy.run()
    assert (toy.jobs()[0].reason, len(toy.backend.asked)) == ("unknown-outcome", 1)


async def test_a_running_batch_can_be_given_a_budget(paid: Paid) -> None:
    toy = paid()
    toy.queue(1)
    async with toy.running():
        said = await toy.obeyed("budget", {"budget": 5_000_000}, batch=1)
        assert said.answer == "The budget of b1 is $5.00 now. Resume to continue parked jobs."
        assert toy.batch().budget == 5_000_000
        said = await toy.obeyed("budget", {"budget": None}, batch=1)
        assert said.answer == "b1 has no budget now. Resume to continue parked jobs."
        assert toy.batch().budget is None
        await eventually(lambda: toy.batch().is_over)


async def test_limits_of_the_workspace_are_read_again_at_resume(paid: Paid) -> None:
    toy = paid(budget={"total": 0.0015})
    toy.queue(3, {"steps": 1})
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 2)
        (toy.root / "safelight.toml").write_text("[budget]\ntotal = 1\n")
        await toy.obeyed("resume", batch=1)
        await eventually(lambda: toy.batch().is_over)
    assert toy.batch().jobs == {"done": 3}


def open_reservations(toy: Toy) -> int:
    sql = "SELECT coalesce(sum(reserved), 0) FROM steps"
    return int(toy.read(lambda c: c.execute(sql).fetchone()[0]))


def unlucky(ledger: Ledger, seed: int) -> Reply:
    """Calls that cost what they like up to `WORST` and fail in every way."""
    luck = random.Random(seed)

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        cost, fate = luck.choice([0, 1, luck.randint(0, WORST), WORST]), luck.random()
        await asyncio.sleep(luck.choice([0, 0, 0.001, 0.003]))
        if fate < 0.1:
            raise Retryable("busy")
        ledger.charge(cost)
        await asyncio.sleep(luck.choice([0, 0.001]))
        if fate < 0.2:
            raise OutcomeUnknown("cut")
        if fate < 0.3:
            raise Retryable("cut", resubmit=True)
        if fate < 0.4:
            raise Permanent("no", cost=cost)
        if luck.random() < 0.5:
            context.cost(cost)
        else:
            await context.charged(cost)
        if fate < 0.45:
            raise Retryable("again", resubmit=True)
        if fate < 0.5:
            raise ZeroDivisionError

    return reply


plans = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "budget": st.integers(0, 12_000),
        "total": st.none() | st.integers(0, 15_000),
        "wide": st.integers(1, 8),
        "together": st.booleans(),
        "policy": st.sampled_from(["retry", "ask", "fail"]),
        "cuts": st.integers(0, 2),
    }
)


@settings(
    max_examples=scaled(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plan=plans)
def test_never_a_microdollar_over(
    plan: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("budget")
    toy = Toy(root, PaidToy(worst=WORST, concurrency=plan["wide"]))
    toy.settings = quick_settings(on_unknown=plan["policy"], grace_seconds=0, max_starts=4)
    if plan["total"] is not None:
        toy.settings.budget.total = plan["total"] / 1e6
    ledger = Ledger(root / "ledger")
    toy.backend.reply = unlucky(ledger, plan["seed"])
    toy.queue(6, {"steps": 3, "together": plan["together"]}, budget=plan["budget"])
    limit = min(plan["budget"], plan["budget"] if plan["total"] is None else plan["total"])
    for number in range(plan["cuts"] + 1):
        cut = number < plan["cuts"]
        asked = len(toy.backend.asked) + 2
        asyncio.run(
            toy.run(
                lambda engine, asked=asked, cut=cut: (
                    engine.is_idle or (cut and len(toy.backend.asked) >= asked)
                )
            )
        )
        batch = toy.batch()
        assert ledger.total <= batch.cost + batch.presumed + open_reservations(toy) <= limit


@pytest.mark.parametrize("moment", ["after:4", "before:6", "after:9"])
def test_a_killed_engine_leaves_what_it_had_reserved_behind(tmp_path: Path, moment: str) -> None:
    ledger = Ledger(tmp_path / "ledger")
    toy = Toy(tmp_path, PaidToy(worst=WORST, reply=unlucky(ledger, 7)))
    toy.settings = quick_settings(on_unknown="retry")
    toy.queue(6, {"steps": 2}, budget=5000)
    child = os.fork()
    if child == 0:
        from tests.support.chaos_engine import kill_at

        kill_at(moment)
        asyncio.run(toy.run())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    toy.backend.reply = unlucky(ledger, 8)
    asyncio.run(toy.run())
    batch = toy.batch()
    assert ledger.total <= batch.cost + batch.presumed + open_reservations(toy) <= 5000
