"""Reuse: a request that another job has had answered is not asked again."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest

from db.queries import history
from engine.contract import CallContext, Permanent
from engine.plugins.catalog import EntryPointCatalog
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from tests.support.engines import Toy, eventually, quick_settings

pytestmark = pytest.mark.usefixtures("module_in_one_process")


class Charged:
    """A call that costs money and keeps a file; it counts how often it runs."""

    def __init__(self) -> None:
        self.made = 0

    async def __call__(self, request: RefineRequest, context: CallContext) -> Refinement:
        self.made += 1
        context.cost(1500)
        await context.keep(request.brief.encode(), role="notes")
        return Refinement(prompt=request.brief.upper(), reason=f"call {self.made}", author="toy")


@pytest.fixture
def charged(toy: Toy) -> Charged:
    toy.backend.change(reusable=True)
    toy.backend.change(paid=True)
    made = toy.backend.reply = Charged()
    return made


async def twice(toy: Toy, **overrides: Any) -> None:
    """The same batch, one after the other, with a step in each."""
    for _ in range(2):
        toy.queue(overrides={"steps": 1, **overrides})
        await toy.run()


async def test_a_second_batch_is_answered_from_the_first(toy: Toy, charged: Charged) -> None:
    await twice(toy)
    (first,), (second,) = toy.steps(1), toy.steps(2)
    assert charged.made == 1
    assert (second.state, second.result, second.fingerprint) == (
        "done",
        first.result,
        first.fingerprint,
    )
    assert (second.reused_from, second.saved, second.cost) == (first.id, 1500, 0)
    assert (toy.job(2).state, toy.job(2).cost, toy.batch(2).cost) == ("done", 0, 0)


async def test_all_rows_that_belong_to_the_result_are_there(toy: Toy, charged: Charged) -> None:
    await twice(toy)

    def rows(connection: Any, table: str, columns: str) -> list[list[tuple[Any, ...]]]:
        sql = f"SELECT {columns} FROM {table} WHERE job_id = ? AND step_id IS NOT NULL"
        return [[tuple(row) for row in connection.execute(sql, (job,))] for job in (1, 2)]

    for table, columns in (
        ("artifacts", "role, hash, media_type, size"),
        ("prompts", "text, negative, author, reason"),
    ):
        first, second = toy.read(partial(rows, table=table, columns=columns))
        assert first == second != []
    events = toy.read(partial(history.events_after, after=0, job_id=2))
    (done,) = [event for event in events if event.type == "step.done"]
    assert json.loads(done.data) == {"reused_from": toy.steps(1)[0].id, "saved_microdollars": 1500}


async def test_a_third_says_what_it_saved_though_the_second_cost_nothing(
    toy: Toy, charged: Charged
) -> None:
    await twice(toy)
    toy.queue(overrides={"steps": 1})
    await toy.run()
    (third,) = toy.steps(3)
    assert (third.reused_from, third.saved, charged.made) == (toy.steps(2)[0].id, 1500, 1)


@pytest.mark.parametrize("reuse", ["job", "never"])
async def test_it_can_be_switched_off(toy: Toy, charged: Charged, reuse: str) -> None:
    toy.settings = quick_settings(reuse=reuse)
    await twice(toy)
    assert charged.made == 2


async def test_who_does_not_declare_it_is_asked_each_time(toy: Toy, charged: Charged) -> None:
    toy.backend.change(reusable=False)
    await twice(toy)
    assert charged.made == 2


@pytest.mark.parametrize("what", ["model", "version"])
async def test_never_across_models_and_versions(toy: Toy, charged: Charged, what: str) -> None:
    toy.queue(overrides={"steps": 1})
    await toy.run()
    toy.backend.change(**{what: "another"})
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert charged.made == 2


@pytest.mark.parametrize("damage", ["gone", "damaged"])
async def test_a_result_whose_file_is_gone_is_none(toy: Toy, charged: Charged, damage: str) -> None:
    toy.queue(overrides={"steps": 1})
    await toy.run()
    hash_ = toy.read(lambda c: c.execute("SELECT hash FROM artifacts").fetchone()[0])
    path = toy.paths.artifacts / hash_[:2] / hash_[2:]
    if damage == "gone":
        path.unlink()
    else:
        path.chmod(0o600)
        path.write_bytes(b"something else")
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert (toy.job(2).state, charged.made) == ("done", 2)
    assert path.read_bytes() == b"prompt 0/say-0"


async def test_a_failure_is_not_reused(toy: Toy, charged: Charged) -> None:
    def fail(_request: RefineRequest, _context: CallContext) -> None:
        raise Permanent("Not now.")

    toy.backend.reply = fail
    toy.queue(overrides={"steps": 1})
    await toy.run()
    toy.backend.reply = charged
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert (toy.job(1).state, toy.job(2).state, charged.made) == ("failed", "done", 1)


def test_who_declares_it() -> None:
    catalog = EntryPointCatalog()

    def declares(capability: Any, name: str, **settings: Any) -> bool:
        backend = catalog.backend(capability, name, settings, {})
        return backend.info.reusable

    assert all(declares(capability, "builtin") for capability in ("image", "vision", "text"))
    assert all(declares("image", name) for name in ("fal", "comfyui", "stability"))
    assert not any(declares("image", name) for name in ("openai", "gemini-image"))
    assert declares("text", "openai", temperature=0)
    assert not declares("text", "openai", temperature=0.7)
    assert not declares("vision", "openai")


class Slow(Charged):
    """A call that ends when a test says so, and may fail."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.failures = 0

    async def __call__(self, request: RefineRequest, context: CallContext) -> Refinement:
        self.made += 1
        number = self.made
        await self.go.wait()
        if number <= self.failures:
            raise Permanent("Not this one.")
        context.cost(1500)
        return Refinement(prompt=request.brief.upper(), reason=f"call {number}", author="toy")


@pytest.fixture
def slow(toy: Toy) -> Slow:
    toy.backend.change(reusable=True)
    toy.backend.change(paid=True)
    made = toy.backend.reply = Slow()
    return made


async def test_the_same_request_at_the_same_time_is_asked_once(toy: Toy, slow: Slow) -> None:
    for _ in range(3):
        toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: all(toy.job(job).state == "running" for job in (1, 2, 3)))
        await eventually(lambda: slow.made == 1)
        slow.go.set()
        for job in (1, 2, 3):
            await toy.becomes("done", job)
    steps = [step for job in (1, 2, 3) for step in toy.steps(job)]
    assert slow.made == 1
    assert sorted((step.cost, step.saved) for step in steps) == [(0, 1500), (0, 1500), (1500, 0)]
    assert len({step.result for step in steps}) == 1


async def test_where_the_first_comes_to_nothing_the_next_asks_itself(toy: Toy, slow: Slow) -> None:
    slow.failures = 1
    for _ in range(3):
        toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: all(toy.job(job).state == "running" for job in (1, 2, 3)))
        slow.go.set()
        await eventually(lambda: {toy.job(job).state for job in (1, 2, 3)} == {"done", "failed"})
    assert slow.made == 2
    assert sorted(toy.job(job).state for job in (1, 2, 3)) == ["done", "done", "failed"]


async def test_who_waits_for_another_s_call_can_be_cancelled_alone(toy: Toy, slow: Slow) -> None:
    for _ in range(2):
        toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: all(toy.job(job).state == "running" for job in (1, 2)))
        await eventually(lambda: slow.made == 1)
        asked = next(job for job in (1, 2) if toy.steps(job))
        await toy.obeyed("cancel", job=3 - asked)
        await toy.becomes("cancelled", 3 - asked)
        slow.go.set()
        await toy.becomes("done", asked)
    assert slow.made == 1


async def test_jobs_do_not_wait_for_each_other_where_each_asks_for_itself(
    toy: Toy, slow: Slow
) -> None:
    toy.settings = quick_settings(reuse="job")
    for _ in range(2):
        toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: slow.made == 2)
        slow.go.set()
        await toy.becomes("done", 1)
        await toy.becomes("done", 2)
