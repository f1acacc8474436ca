"""Commands about the whole workspace, and cancelling only what waits."""

import asyncio
from typing import Any

from db.queries import batches
from db.queries.controls import is_paused
from tests.runtime.test_operators import Gate
from tests.support.engines import PATIENCE, Toy, eventually, quick_settings


def paused(toy: Toy) -> Any:
    return toy.read(is_paused)


async def test_pausing_everything_stops_what_runs_and_takes_nothing_new(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.settings = quick_settings(jobs_in_flight=2)
    toy.queue(3)
    toy.queue(1)
    toy.command("pause", batch=2)
    async with toy.running():
        await eventually(lambda: gate.waiting == 2)
        answer = await toy.obeyed("pause_all")
        assert answer.answer == "Paused everything; 2 running jobs stopped at a step."
        assert toy.batch(1).jobs == {"queued": 3}
        gate.open.set()
        again = await toy.obeyed("pause_all")
        assert (again.state, again.answer) == ("done", "Everything is paused already.")
        resumed = await toy.obeyed("resume", batch=2)
        assert "everything is paused: safelight resume --all" in (resumed.answer or "")
        await toy.obeyed("pause", batch=2)
        assert toy.batch(1).jobs == {"queued": 3}
        await toy.obeyed("resume_all")
        await eventually(lambda: toy.batch(1).state == "done")
        assert (toy.batch(2).state, paused(toy)) == ("paused", False)
    assert toy.backend.asked.count("prompt 0/say-0") == 1  # the call outlived the pause


async def test_everything_stays_paused_over_restarts(toy: Toy) -> None:
    toy.queue(2)
    toy.command("pause_all")
    await toy.run()  # it has nothing to do
    await toy.run()
    assert (paused(toy), toy.batch().jobs, toy.backend.asked) == (True, {"queued": 2}, [])
    refused_first = toy.command("resume_all")
    refused = toy.command("resume_all")
    await toy.run()
    states = [
        toy.read(lambda c, n=n: batches.command(c, n)).state for n in (refused_first, refused)
    ]
    assert states == ["done", "refused"]
    assert toy.batch().state == "done"


async def test_a_batch_whose_jobs_have_ended_does_not_finish_while_everything_is_paused(
    toy: Toy,
) -> None:
    toy.queue(1)
    toy.command("cancel", job=1)
    toy.command("pause_all")
    await toy.run()
    assert toy.batch().finish == "pending"
    toy.command("resume_all")
    await toy.run()
    assert toy.batch().finish == "done"


async def test_an_engine_that_stops_after_the_current_ends_what_runs(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.settings = quick_settings(jobs_in_flight=2)
    toy.queue(4)
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(lambda: gate.waiting == 2)
    answer = await toy.obeyed("drain")
    assert answer.answer == "The engine stops once 2 running jobs have ended."
    await eventually(lambda: toy.read(batches.running_engine).state == "draining")
    gate.open.set()
    await asyncio.wait_for(task, PATIENCE)
    assert toy.batch().jobs == {"queued": 2, "done": 2}
    assert toy.read(batches.running_engine) is None
    await toy.run()  # the wish was that engine's
    assert toy.batch().state == "done"


async def test_only_what_waits_is_cancelled(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.settings = quick_settings(jobs_in_flight=1)
    toy.queue(4)
    toy.command("pause", job=4)
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        refused = await toy.obeyed("cancel_waiting", job=1)
        assert refused.answer == "j1 (0001-prompt-0) is running; nothing was cancelled."
        answer = await toy.obeyed("cancel_waiting", batch=1)
        assert answer.answer == "Cancelled 3 jobs of b1 that waited; 1 run."
        assert toy.batch().jobs == {"running": 1, "cancelled": 3}
        gate.open.set()
        await toy.becomes("done", 1)
        assert (await toy.obeyed("cancel_waiting", batch=1)).state == "refused"
