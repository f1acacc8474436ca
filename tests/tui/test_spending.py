"""What batches cost: so far, about in all, and on whom."""

from typing import Any

from tests.tui.support import Place, running, seen, shows, until
from tui.screens.spending import SpendingScreen


def paid(place: Place, jobs: int, ended: int, cost: int) -> int:
    """A batch of which some jobs have ended, each at a cost in micro-dollars."""
    batch = place.batch("evening", [f"j{n}" for n in range(jobs)])
    place.claim(ended + 1)
    for job in place.job_ids(batch)[:ended]:
        place.step(job, "iteration-1", "generate", cost=cost)
        place.end(job, 50)
    return batch


def budget(place: Place, batch: int, amount: int) -> None:
    place.write(lambda c: c.execute("UPDATE batches SET budget = ? WHERE id = ?", (amount, batch)))


async def test_a_batch_says_what_it_will_cost_about(place: Place) -> None:
    batch = paid(place, jobs=10, ended=2, cost=50_000)
    async with running(place.dashboard(), (230, 30)) as pilot:
        await shows(pilot, "in all", "$0.10", "$0.50")
        budget(place, batch, 300_000)
        await pilot.press("enter")
        await shows(pilot, "spent $0.10 of $0.30, about $0.50 in all")


async def test_nothing_is_projected_where_nothing_is_left_or_known(place: Place) -> None:
    done = paid(place, jobs=2, ended=2, cost=50_000)
    place.batch("free", ["one"])
    async with running(place.dashboard(), (150, 30)) as pilot:
        await shows(pilot, "free", "$0.10")
        rows = {row.id: row for row in pilot.app.screen._all}
        assert rows[done].projected <= rows[done].cost
        assert rows[done + 1].projected == 0
        assert seen(pilot.app).count("$") == 1


async def test_spending_by_backend_model_and_step(place: Place) -> None:
    paid(place, jobs=4, ended=2, cost=50_000)
    async with running(place.dashboard(), (120, 30)) as pilot:
        await shows(pilot, "evening")
        await pilot.press("dollar_sign")
        await until(pilot, lambda: isinstance(pilot.app.screen, SpendingScreen))
        await shows(pilot, "b1: $0.10", "toy-1", "generate", "reserved")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen.WHERE == "batches")
        await pilot.press("enter")
        await until(
            pilot, lambda: pilot.app.screen.WHERE == "batch" and pilot.app.screen.rows.total
        )
        await pilot.press("dollar_sign")
        await shows(pilot, "b1: $0.10")


async def test_without_a_batch_there_is_nothing_to_spend(place: Place) -> None:
    async with running(place.dashboard(), (100, 30)) as pilot:
        await shows(pilot, "Nothing has been queued")
        await pilot.press("dollar_sign")
        await shows(pilot, "all batches: nothing spent")
        assert_plain(pilot.app)


def assert_plain(app: Any) -> None:
    assert "\x1b" not in seen(app)
