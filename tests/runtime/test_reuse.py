"""Reuse: a request that another job has had answered is not asked again."""

import json
from functools import partial
from typing import Any

import pytest

from db.queries import history
from engine.capabilities import (
    CallContext,
    Permanent,
    Refinement,
    RefineRequest,
)
from engine.catalog import EntryPointCatalog
from tests.support.engines import Toy, quick_settings


class Charged:
    """A call that costs money and keeps a file; it counts how often it is made."""

    def __init__(self) -> None:
        self.made = 0

    async def __call__(self, request: RefineRequest, context: CallContext) -> Refinement:
        self.made += 1
        context.cost(1500)
        await context.keep(request.brief.encode(), role="notes")
        return Refinement(prompt=request.brief.upper(), reason=f"call {self.made}", author="toy")


@pytest.fixture
def charged(toy: Toy) -> Charged:
    toy.backend.reusable = True  # type: ignore[attr-defined]
    toy.backend.paid = True
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
    toy.backend.reusable = False  # type: ignore[attr-defined]
    await twice(toy)
    assert charged.made == 2


@pytest.mark.parametrize("what", ["model", "version"])
async def test_never_across_models_and_versions(toy: Toy, charged: Charged, what: str) -> None:
    toy.queue(overrides={"steps": 1})
    await toy.run()
    setattr(toy.backend, what, "another")
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
        return bool(getattr(backend, "reusable", False))

    assert all(declares(capability, "builtin") for capability in ("image", "vision", "text"))
    assert all(declares("image", name) for name in ("fal", "comfyui", "stability"))
    assert not any(declares("image", name) for name in ("openai", "gemini-image"))
    assert declares("text", "openai", temperature=0)
    assert not declares("text", "openai", temperature=0.7)
    assert not declares("vision", "openai")
