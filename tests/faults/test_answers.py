"""Providers that answer nonsense, half an answer, a terabyte, or never."""

import asyncio
from typing import Any

import pytest

from db.queries.jobs import errors
from engine.contract import CallContext, Retryable
from engine.imaging.errors import ImageError
from engine.imaging.png import to_png
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.step import call_context as context_module
from engine.runtime.step import outcome as outcomes
from tests.faults.conftest import Diagnose
from tests.support.engines import Toy


class Terabyte(bytes):
    """Bytes that say they are very many."""

    def __len__(self) -> int:
        return 1 << 40


async def run_one(toy: Toy, reply: Any) -> str:
    toy.backend.reply = reply
    toy.queue(2, overrides={"steps": 1})
    await toy.run()
    return toy.job(1).message or ""


@pytest.mark.parametrize(
    "nonsense",
    [
        {"not": "a result"},
        42,
        "text",
        Refinement.model_construct(prompt=None, reason="", author="toy"),
        Refinement.model_construct(prompt=object(), reason="", author="toy"),  # type: ignore[arg-type]
    ],
    ids=["mapping", "number", "text", "null", "object"],
)
async def test_nonsense_fails_its_job_and_the_others_go_on(
    toy: Toy, nonsense: Any, diagnose: Diagnose
) -> None:
    def reply(request: RefineRequest, _context: CallContext) -> Any:
        return nonsense if request.brief.startswith("prompt 0") else None

    message = await run_one(toy, reply)
    assert message
    assert [job.state for job in toy.jobs()] == ["failed", "done"]
    error = toy.read(lambda c: errors(c, 1))[0]
    assert error.traceback  # a backend lets no nonsense through: it is a defect
    assert "report it" in diagnose(toy.root)["lately"].remedy


async def test_what_nonsense_has_cost_is_counted(toy: Toy) -> None:
    def reply(_request: RefineRequest, context: CallContext) -> Any:
        context.cost(500)
        return 42

    toy.backend.change(paid=True)
    await run_one(toy, reply)
    assert [job.cost for job in toy.jobs()] == [500, 500]


async def test_half_an_answer_is_asked_for_again(toy: Toy) -> None:
    def reply(request: RefineRequest, _context: CallContext) -> None:
        if toy.backend.asked.count(request.brief) == 1:
            raise Retryable("The connection was closed in the middle of the answer.")

    await run_one(toy, reply)
    assert {job.state for job in toy.jobs()} == {"done"}
    assert {toy.steps(number)[0].attempts for number in (1, 2)} == {2}


def test_half_an_image_is_no_image() -> None:
    import io

    from PIL import Image

    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    with pytest.raises(ImageError):
        to_png(whole.getvalue()[:-600])


async def test_a_terabyte_is_refused(toy: Toy, diagnose: Diagnose) -> None:
    async def reply(_request: RefineRequest, context: CallContext) -> None:
        context.cost(7)
        await context.keep(Terabyte(b"x"))

    assert "1024.0 GiB, more than the 2 GiB" in await run_one(toy, reply)
    assert {job.state for job in toy.jobs()} == {"failed"}
    assert toy.job().cost == 7
    assert toy.steps()[0].attempts == 1  # it would only come again
    assert "more than the 2 GiB" in diagnose(toy.root)["lately"].found


async def test_a_text_without_end_is_refused(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "MAX_RESULT_CHARS", 1 << 20)

    def reply(_request: RefineRequest, context: CallContext) -> Refinement:
        context.cost(7)
        return Refinement(prompt="x" * (2 << 20), reason="", author="toy")

    assert "2 MiB of text, more than the 1 MiB" in await run_one(toy, reply)
    assert toy.job().cost == 7
    assert toy.paths.store.stat().st_size < 1 << 20


async def test_a_small_file_beyond_what_a_thread_is_worth_is_kept_too(toy: Toy) -> None:
    sizes = (0, context_module.SMALL, context_module.SMALL + 1)
    kept = []

    async def reply(_request: RefineRequest, context: CallContext) -> None:
        for size in (*sizes, *sizes):  # the second time they are known
            artifact = await context.keep(bytes(size))
            kept.append(artifact.size)

    await run_one(toy, reply)
    assert sorted(kept) == sorted([*sizes, *sizes] * 2)


@pytest.mark.parametrize(
    ("paid", "resumable", "state"),
    [(False, False, "failed"), (True, True, "failed"), (True, False, "parked")],
)
async def test_an_answer_that_never_comes_ends_at_the_deadline(
    toy: Toy, paid: bool, resumable: bool, state: str, diagnose: Diagnose
) -> None:
    async def reply(_request: RefineRequest, context: CallContext) -> None:
        if resumable:
            await context.submitted("request-1")
        await asyncio.Event().wait()

    toy.settings.engine.deadline_seconds = 0.02
    toy.backend.change(paid=paid, resumable=resumable)
    toy.backend.reply = reply
    toy.queue(1, overrides={"steps": 1})
    await toy.run(lambda engine: toy.job().state == state)
    tries = 1 if state == "parked" else 3
    assert len(toy.backend.asked) == tries
    assert "gave no answer within 0.02 seconds" in diagnose(toy.root)["lately"].found
    if resumable:
        assert toy.steps()[0].attempts == 1  # it went back to the same call each time
