"""Ends of jobs: whatever comes in between, each has one, and its place is free again."""

import asyncio
import threading
from dataclasses import replace
from typing import Any

from engine.contract import CallContext, Permanent
from engine.contract.outputs import Outputs
from engine.recipes.refine.agents.refiner import RefineRequest
from tests.support import toys
from tests.support.engines import Toy, quick_settings


class Panic(BaseException):
    """As some libraries raise one that is no Exception (PyO3's PanicException)."""


async def test_a_backend_that_raises_a_base_exception_fails_its_job(toy: Toy) -> None:
    def reply(_request: RefineRequest, _context: CallContext) -> None:
        raise Panic("rust")

    toy.backend.reply = reply
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"
    assert "rust" in (toy.job().message or "")


async def test_the_place_of_a_job_is_taken_until_its_end_is_about_to_be_committed(
    toy: Toy,
) -> None:
    """A failed job's folder is written first, which may take its time."""
    writes_folder, go_on = threading.Event(), threading.Event()

    def project(_projection: Any) -> None:
        writes_folder.set()
        go_on.wait(60)

    def reply(_request: RefineRequest, _context: CallContext) -> None:
        raise Permanent("No.")

    toy.catalog.known_recipes["toy"] = replace(toys.TOY, outputs=Outputs(write_job=project))
    toy.backend.reply = reply
    toy.settings = quick_settings(jobs_in_flight=1)
    toy.queue(3)
    try:
        async with toy.running() as engine:
            await asyncio.to_thread(writes_folder.wait, 60)
            await engine.session.claim()
            running = toy.batch().running
            go_on.set()
            await toy.becomes("failed", 3)
    finally:
        go_on.set()
    assert running == 1


async def test_a_recipe_that_fails_with_a_stop_pending_has_an_end(toy: Toy) -> None:
    async def run(_job: Any) -> Any:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()  # heard of at the next await, which is the end's
        raise ValueError("a defect")

    toy.catalog.known_recipes["toy"] = replace(toys.TOY, run=run)
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"
    assert "a defect" in (toy.job().message or "")
