"""Commands of operators while jobs run."""

import asyncio
import errno
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from db.queries import batches, history
from db.rows import JobRow
from db.writes import batches as batch_writes
from engine.contract import CallContext, Permanent
from engine.contract.folder import ExportError
from engine.contract.outputs import Outputs
from engine.recipes.refine.agents.refiner import RefineRequest
from engine.runtime.command_context import NoEngine
from engine.runtime.commands import CommandHandler
from engine.runtime.job.scheduler import JobScheduler
from engine.runtime.output_writer import OutputWriter
from tests.support.engines import Toy, eventually, quick_settings
from tests.support.toys import TOY, ToyResult


class Gate:
    """Calls wait here until they are let through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0

    async def __call__(self, _request: RefineRequest, _context: CallContext) -> None:
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1


async def test_a_paused_job_keeps_its_place_and_goes_on(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.queue(2)
    async with toy.running():
        await eventually(lambda: gate.waiting == 2)
        answer = await toy.obeyed("pause", job=1)
        assert (answer.state, toy.job(1).state) == ("done", "paused")
        again = await toy.obeyed("pause", job=1)
        assert again.state == "refused"
        gate.open.set()
        await toy.becomes("done", 2)
        assert (toy.job(1).state, toy.batch().state) == ("paused", "paused")
        await toy.obeyed("resume", job=1)
        await toy.becomes("done", 1)
    assert toy.backend.asked.count("prompt 0/say-0") == 1  # the call outlived the pause


async def test_pause_and_resume_at_once_goes_on(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.queue()
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        for _ in range(5):
            toy.command("pause", job=1)
            answer = await toy.obeyed("resume", job=1)
            assert answer.state == "done"
        gate.open.set()
        await toy.becomes("done")


async def test_a_job_that_is_stopped_before_its_task_begins_takes_its_state(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = JobScheduler._begin
    stopped: list[Any] = []

    async def begin_and_stop(jobs: JobScheduler, job: JobRow, decided: dict[str, Any]) -> None:
        await begin(jobs, job, decided)
        if not stopped:
            stopped.extend(jobs.stop("paused", job.batch_id, job.id))

    monkeypatch.setattr(JobScheduler, "_begin", begin_and_stop)
    toy.queue()
    async with toy.running():
        await toy.becomes("paused")
        assert toy.backend.asked == []
        await toy.obeyed("resume", job=1)
        await toy.becomes("done")


async def test_a_held_batch_starts_nothing_and_others_go_on(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.settings = quick_settings(jobs_in_flight=2)
    toy.queue(4)
    toy.queue(2)
    async with toy.running():
        await eventually(lambda: gate.waiting == 2)
        await toy.obeyed("pause", batch=1)
        assert toy.batch(1).state == "paused"
        assert toy.batch(1).jobs == {"queued": 4}
        gate.open.set()
        await eventually(lambda: toy.batch(2).state == "done")
        assert toy.batch(1).done == 0
        await toy.obeyed("resume", batch=1)
        await eventually(lambda: toy.batch(1).state == "done")


async def test_to_resume_a_job_leaves_its_batch_paused(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    gate.open.set()
    toy.queue(3)
    toy.command("pause", batch=1)
    toy.command("pause", job=3)
    async with toy.running():
        refused = await toy.obeyed("resume", job=2)
        assert (refused.state, "batch b1 is paused" in (refused.answer or "")) == ("refused", True)
        resumed = await toy.obeyed("resume", job=3)
        assert (resumed.state, "batch b1 is paused" in (resumed.answer or "")) == ("done", True)
        assert toy.batch().state == "paused"
        assert [job.state for job in toy.jobs()] == ["queued"] * 3
        await toy.obeyed("resume", batch=1)
        await toy.becomes("done", 3)
    assert {job.state for job in toy.jobs()} == {"done"}


async def test_a_cancelled_job_ends_where_it_is_and_retry_goes_on_from_there(toy: Toy) -> None:
    gate = Gate()

    async def second_waits(request: RefineRequest, context: CallContext) -> None:
        if request.brief.endswith("say-1"):
            await gate(request, context)

    toy.backend.reply = second_waits
    toy.queue()
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        await toy.obeyed("cancel", job=1)
        assert toy.job().state == "cancelled"
        await eventually(lambda: gate.waiting == 0)  # a free call is given up
        await eventually(lambda: toy.batch().state == "cancelled")
        assert (await toy.obeyed("cancel", job=1)).state == "refused"
        gate.open.set()
        await toy.obeyed("retry", job=1)
        await eventually(lambda: toy.batch().state == "done")
    assert toy.backend.asked.count("prompt 0/say-0") == 1


async def test_cancelling_a_batch_leaves_what_was_paid_for_and_ends_the_rest(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.backend.change(paid=True)
    toy.settings = quick_settings(jobs_in_flight=2)
    toy.queue(5, overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: gate.waiting == 2)
        await toy.obeyed("cancel", batch=1)
        assert toy.batch().cancelled == 5
        assert gate.waiting == 2  # they are paid for
        gate.open.set()
        await eventually(lambda: [s.state for s in toy.steps(1) + toy.steps(2)] == ["done"] * 2)
    assert toy.batch().state == "cancelled"
    assert len(toy.backend.asked) == 2


async def test_a_stop_never_weakens_a_cancel(toy: Toy) -> None:
    """A recipe that is slow to let go is cancelled, then the batch is paused, then all stops."""
    release, begun = asyncio.Event(), asyncio.Event()

    async def clings(job: Any) -> ToyResult:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await release.wait()
        return ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=clings)
    toy.queue()
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(begun.is_set)
    toy.command("cancel", job=1)
    await eventually(lambda: engine.session.jobs.runs[1].then == "cancelled")
    engine.stop()
    asyncio.get_running_loop().call_later(0.1, release.set)
    await task
    assert toy.job().state == "cancelled"


def has_ended(toy: Toy, job_id: int) -> bool:
    return toy.job(job_id).state in {"done", "cancelled"}


def is_done_with(toy: Toy, value: str) -> bool:
    return toy.job().state == "done" and value in (toy.job().result or "")


async def test_a_cancel_that_comes_as_the_job_ends_comes_too_late(toy: Toy) -> None:
    """The end is written whatever comes meanwhile, and is not written over."""
    for turn in range(20):
        batch_id = toy.queue(1, overrides={"steps": 1}, name=f"turn-{turn}")
        async with toy.running():
            job = toy.jobs(batch_id)[0]
            answer = await toy.obeyed("cancel", job=job.id)
            await eventually(partial(has_ended, toy, job.id))
            found = toy.job(job.id)
            assert (found.state == "done") == (found.result is not None)
            assert (answer.state == "refused") == (found.state == "done")
        ends = [
            event.type
            for event in toy.read(partial(history.events_after, after=0, job_id=job.id))
            if event.type in {"job.done", "job.cancelled"}
        ]
        assert len(ends) == 1


async def test_a_failing_job_that_is_stopped_still_fails(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes while the failed job's folder is being written."""
    writing = asyncio.Event()
    let = asyncio.Event()

    def fail(_request: RefineRequest, _context: CallContext) -> None:
        raise Permanent("No.")

    async def slow(_output_writer: OutputWriter, _run: Any, **_ending: Any) -> None:
        writing.set()
        await let.wait()

    monkeypatch.setattr(OutputWriter, "project", slow)
    toy.backend.reply = fail
    toy.queue()
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(writing.is_set)
    toy.command("pause", batch=1)
    engine.stop()
    await asyncio.sleep(0.05)
    let.set()
    await task
    assert (toy.job().state, toy.job().error_id) == ("failed", 1)


async def test_a_decision_about_a_running_job_is_acted_on(toy: Toy) -> None:
    gate = Gate()

    async def last_waits(request: RefineRequest, context: CallContext) -> None:
        if request.brief.endswith("say-2"):
            await gate(request, context)

    toy.backend.reply = last_waits
    toy.queue()
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        await toy.obeyed("decide", {"key": "say-0", "value": "mine"}, job=1)
        gate.open.set()
        await toy.becomes("done")
    assert '"mine"' in (toy.job().result or "")


async def test_decisions_that_come_as_a_job_ends_are_acted_on(toy: Toy) -> None:
    toy.queue(overrides={"steps": 1})
    async with toy.running():
        for turn in range(15):
            value = f"turn {turn}"
            await toy.obeyed("decide", {"key": "say-0", "value": value}, job=1)
            await eventually(partial(is_done_with, toy, value))
    assert len(toy.backend.asked) == 1


async def test_retry_of_a_running_job_is_refused(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.queue()
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        answer = await toy.obeyed("retry", job=1)
        assert (answer.state, answer.answer) == (
            "refused",
            "j1 (0001-prompt-0) is running; there is nothing to retry.",
        )
        gate.open.set()
        await toy.becomes("done")


async def test_priority_decides_who_comes_next(toy: Toy) -> None:
    toy.settings = quick_settings(jobs_in_flight=1)
    toy.queue(2, overrides={"steps": 1})
    toy.queue(2, overrides={"steps": 1})
    toy.command("priority", {"change": 3}, batch=2)
    toy.command("priority", {"change": 1}, job=4)
    await toy.run()
    order = [
        e.job_id for e in toy.read(lambda c: history.events_after(c, 0)) if e.type == "job.started"
    ]
    assert order == [4, 3, 1, 2]


async def test_to_the_front_comes_before_all_others(toy: Toy) -> None:
    toy.settings = quick_settings(jobs_in_flight=1)
    for _ in range(3):
        toy.queue(2, overrides={"steps": 1})
    toy.command("priority", {"change": 5}, batch=1)
    toy.command("priority", {"change": -2}, job=6)
    numbers = [toy.command("front", {}, batch=3), toy.command("front", {}, job=4)]
    await toy.run()
    order = [
        e.job_id for e in toy.read(lambda c: history.events_after(c, 0)) if e.type == "job.started"
    ]
    assert order == [4, 5, 6, 1, 2, 3]
    answers = [toy.read(lambda c, n=n: batches.command(c, n)).answer for n in numbers]
    assert "b3 is next" in answers[0]
    assert "is next" in answers[1]


async def test_commands_that_cannot_be_done_are_refused_and_the_engine_goes_on(toy: Toy) -> None:
    toy.queue()
    async with toy.running():
        for verb, arguments, target in (
            ("pause", {}, {"job": 99}),
            ("pause", {}, {"batch": 99}),
            ("juggle", {}, {"job": 1}),
            ("priority", {}, {"job": 1}),
            ("priority", {"change": 10**30}, {"job": 1}),
            ("decide", {"key": "k", "value": 1}, {"batch": 1}),
            ("resume", {}, {}),
        ):
            assert (await toy.obeyed(verb, arguments, **target)).state == "refused"
        await toy.becomes("done")


async def test_without_an_engine_commands_do_the_same(toy: Toy) -> None:
    toy.queue(3)
    toy.command("pause", batch=1)
    toy.command("cancel", job=2)
    reader = toy.store.reader()
    with toy.store.alone() as write:

        async def write_now(operation: Any) -> Any:
            return write(operation)

        command_handler = CommandHandler(reader, write_now, NoEngine(), toy.catalog)
        from db.queries.batches import pending_commands

        for command in pending_commands(reader):
            await command_handler.carry_out(command)
    reader.close()
    assert toy.batch().state == "paused"
    assert [job.state for job in toy.jobs()] == ["queued", "cancelled", "queued"]


async def test_the_finish_runs_again_after_retries_decisions_and_more_entries(
    toy: Toy, tmp_path: Path
) -> None:
    finished: list[int] = []

    def finish(projection: Any) -> None:
        finished.append(projection.batch.total)

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_batch=finish))
    toy.queue(2, overrides={"steps": 1})
    await toy.run()
    toy.command("decide", {"key": "say-0", "value": "mine"}, job=1)
    await toy.run()
    more = tmp_path / "more.txt"
    more.write_text("one more\n")
    toy.append(1, more)
    await toy.run()
    toy.command("cancel", job=3)
    await toy.run()
    assert finished == [2, 2, 3]
    assert toy.batch().state == "done"


async def test_a_finish_that_fails_says_so_and_retry_makes_it_again(toy: Toy) -> None:
    broken = True

    def finish(_projection: Any) -> None:
        if broken:
            raise ValueError("the summary cannot be made")

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_batch=finish))
    toy.queue()
    await toy.run()
    assert (toy.batch().state, toy.batch().finish_error) == (
        "done_with_failures",
        "the summary cannot be made",
    )
    broken = False
    toy.command("retry", batch=1)
    await toy.run()
    assert (toy.batch().state, toy.batch().finish_error) == ("done", None)


async def test_a_finish_that_cannot_be_written_waits_until_it_is_resumed(
    toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    full = [OSError(errno.ENOSPC, "No space left on device", "summary.json")]

    def finish(_projection: Any) -> None:
        for error in full:
            raise error

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_batch=finish))
    toy.queue(overrides={"steps": 1})
    await toy.run(until=lambda _engine: toy.batch().state == "parked")
    assert "No space left on device (summary.json)" in (toy.batch().finish_error or "")
    assert "Traceback" not in caplog.text
    full.clear()
    toy.command("resume", batch=1)
    await toy.run()
    assert (toy.batch().state, toy.batch().finish_error) == ("done", None)


async def test_a_finish_that_a_user_can_mend_fails_without_a_traceback(
    toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    def finish(_projection: Any) -> None:
        raise ExportError("summary.json is a folder; move it away")

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_batch=finish))
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert toy.batch().finish_error == "summary.json is a folder; move it away"
    assert "move it away" in caplog.text
    assert "Traceback" not in caplog.text


async def test_entries_that_come_while_a_batch_finishes_are_part_of_it(
    toy: Toy, tmp_path: Path
) -> None:
    loop, appended, totals = asyncio.get_running_loop(), asyncio.Event(), list[int]()
    more = tmp_path / "more.txt"
    more.write_text("one more\n")

    def finish(projection: Any) -> None:
        totals.append(projection.batch.total)
        if len(totals) == 1:
            toy.append(1, more)
            loop.call_soon_threadsafe(appended.set)

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_batch=finish))
    toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(appended.is_set)
        await eventually(lambda: toy.batch().state == "done")
    assert totals == [1, 2]
    assert (
        len([e for e in toy.read(lambda c: history.events_after(c, 0)) if e.type == "batch.done"])
        == 1
    )


async def test_a_finish_that_was_cut_off_is_made_by_the_next_engine(toy: Toy) -> None:
    finished: list[str] = []
    toy.catalog.known_recipes["toy"] = replace(
        TOY, outputs=Outputs(write_batch=lambda p: finished.append(p.batch.name))
    )
    toy.queue(overrides={"steps": 1})
    await toy.run()
    with toy.store.alone() as write:
        write(lambda c: batch_writes.reopen_batch(c, 1))
        assert write(lambda c: batch_writes.begin_finish(c, 1))
    await toy.run()
    assert len(finished) == 2
    assert toy.batch().state == "done"


async def test_a_lane_is_changed_while_calls_are_in_flight(toy: Toy) -> None:
    gate = toy.backend.reply = Gate()
    toy.backend.change(concurrency=1)
    toy.queue(3)
    async with toy.running():
        await eventually(lambda: gate.waiting == 1)
        answer = await toy.obeyed("lane", {"lane": "toy", "concurrency": 3})
        assert answer.state == "done"
        assert answer.answer == (
            "Lane toy: 3 at once at most, no limit a minute, until the engine ends."
        )
        await eventually(lambda: gate.waiting == 3)
        await toy.obeyed("resume", batch=1)  # reads the settings again; the change holds
        await toy.obeyed("lane", {"lane": "toy", "requests_per_minute": 600.0})

        def reported() -> bool:
            lanes = {lane.name: lane for lane in toy.read(batches.lanes)}
            lane = lanes.get("toy")
            return lane is not None and (lane.width, lane.requests_per_minute) == (3, 600.0)

        await eventually(reported)
        answer = await toy.obeyed("lane", {"lane": "nobody", "concurrency": 3})
        assert (answer.state, "there are: toy" in (answer.answer or "")) == ("refused", True)
        gate.open.set()
    found = list[bool]()
    await toy.run(lambda engine: not found.append(engine.session.lanes.get("toy") is None))
    assert found == [True]  # the next engine goes by the settings
