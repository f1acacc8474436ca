"""Durable steps: records, fingerprints, decisions, superseded versions."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from db.queries import jobs as job_queries
from db.queries.history import events_after
from db.writes import batches as batch_writes
from engine.contract import CallContext, Permanent
from engine.contract.decision_points import Choice, FreeText
from engine.contract.decisions import JobShape
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.engine import Engine
from tests.support.agents import refining
from tests.support.engines import Toy, eventually, quick_settings
from tests.support.toys import TOY, ToyResult


def reopen(toy: Toy, job_id: int = 1) -> None:
    """Queues a job as if an engine had been lost just before it wrote the end."""
    with toy.store.alone() as write:
        sql = "UPDATE jobs SET state = 'queued', result = NULL WHERE id = ?"
        write(lambda c: c.execute(sql, (job_id,)))
        write(lambda c: batch_writes.reopen_batch(c, toy.job(job_id).batch_id))


async def test_a_finished_step_never_runs_again(toy: Toy) -> None:
    toy.queue(3)
    await toy.run()
    asked, results = list(toy.backend.asked), [job.result for job in toy.jobs()]
    for job in toy.jobs():
        reopen(toy, job.id)
    await toy.run()
    assert toy.backend.asked == asked
    assert [job.result for job in toy.jobs()] == results
    assert {step.attempts for job in toy.jobs() for step in toy.steps(job.id)} == {1}


async def test_what_a_decision_changes_runs_again_and_nothing_else(toy: Toy) -> None:
    async def chain(job: Any) -> ToyResult:
        first = await job.step("first", refining(job), job.input.prompt, [])
        chosen = await job.decide("first", default=first.prompt)
        second = await job.step("second", refining(job), f"{chosen}!", [])
        aside = await job.step("aside", refining(job), "aside", [])
        return ToyResult(answers=[first.prompt, second.prompt, aside.prompt])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=chain)
    toy.queue()
    await toy.run()
    before = toy.steps()
    toy.command("decide", {"key": "first", "value": "mine"}, job=1)
    await toy.run()
    assert toy.backend.asked == ["prompt 0", "PROMPT 0!", "aside", "mine!"]
    assert json.loads(toy.job().result or "")["answers"] == ["PROMPT 0", "MINE!", "ASIDE"]
    after = toy.steps()
    assert [step.result for step in after[:3]] == [step.result for step in before]  # all kept
    current = {step.key: step.decoded["prompt"] for step in after if step.superseded_at is None}
    assert current == {"first": "PROMPT 0", "second": "MINE!", "aside": "ASIDE"}
    assert sum(step.superseded_at is not None for step in after) == 1
    toy.command("decide", {"key": "first", "value": "PROMPT 0"}, job=1)
    await toy.run()
    assert len(toy.backend.asked) == 4  # the first version is current again
    current = {step.key: step.decoded["prompt"] for step in toy.steps() if not step.superseded_at}
    assert current["second"] == "PROMPT 0!"


async def test_steps_of_a_way_that_is_not_gone_any_more_are_superseded(toy: Toy) -> None:
    async def loop(job: Any) -> ToyResult:
        answers = []
        for turn in job.iterations(3):
            said = await turn.step("say", refining(job), f"turn {turn.number}", [])
            answers.append(said.prompt)
            if await turn.decide("enough", default=False):
                break
        return ToyResult(answers=answers)

    toy.catalog.known_recipes["toy"] = replace(TOY, run=loop)
    toy.queue()
    await toy.run()
    toy.command("decide", {"key": "iteration-1/enough", "value": True}, job=1)
    await toy.run()
    assert json.loads(toy.job().result or "")["answers"] == ["TURN 1"]
    found = toy.read(lambda c: job_queries.iterations(c, 1))
    assert [row.number for row in found] == [1]
    assert len(toy.steps()) == 3
    toy.command("decide", {"key": "iteration-1/enough", "value": False}, job=1)
    await toy.run()
    assert len(toy.read(lambda c: job_queries.iterations(c, 1))) == 3
    assert len(toy.backend.asked) == 3


async def test_a_decision_of_another_type_is_left_out_with_a_warning(toy: Toy) -> None:
    toy.queue()
    toy.command("decide", {"key": "say-0", "value": "mine"}, job=1)
    for value in ({"not": "text"}, None, True, 3):
        toy.command("decide", {"key": "say-0", "value": value}, job=1)
        await toy.run()
        job = toy.job()
        assert job.state == "done", job.message
        assert json.loads(job.result or "")["answers"][0] == "mine"
    said = toy.read(lambda c: [e.message for e in events_after(c, 0) if e.type == "job.warning"])
    assert len(said) == 4
    assert 'say-0: \'{"not": "text"}\' was decided and does not fit' in said[0]
    assert len(toy.backend.asked) == 3


async def test_a_foreign_recipe_has_its_decisions_checked_by_its_own_hook(toy: Toy) -> None:
    def check(shape: JobShape, key: str, value: Any) -> str:
        assert (shape.input.prompt, shape.settings.steps) == ("prompt 0", 3)
        return f"{key} has no {value}." if value > len(shape.steps) else ""

    asks = replace(TOY, decisions=(Choice("select", check), FreeText("*/prompt", check)))
    toy.catalog.known_recipes["toy"] = asks
    toy.queue()
    await toy.run()
    for key, value in (("select", 3), ("select", 4), ("select", True), ("other", 1)):
        toy.command("decide", {"key": key, "value": value}, job=1)
    await toy.run()
    answers = toy.read(lambda c: c.execute("SELECT state, answer FROM commands").fetchall())
    assert [row["state"] for row in answers] == ["done", "refused", "refused", "refused"]
    assert answers[1]["answer"] == "select has no 4. Nothing was decided."
    assert "toy does not ask for 'other'" in answers[3]["answer"]


async def test_a_changed_request_or_backend_is_another_step(toy: Toy) -> None:
    toy.queue()
    await toy.run()
    with toy.store.alone() as write:
        sql = "UPDATE batches SET snapshot = replace(snapshot, 'toy-1', 'toy-2')"
        write(lambda c: c.execute(sql))
    reopen(toy)
    await toy.run()
    assert len(toy.backend.asked) == 6
    assert [step.model for step in toy.steps() if step.superseded_at] == ["toy-1"] * 3
    assert [step.model for step in toy.steps() if not step.superseded_at] == ["toy-2"] * 3


async def test_a_key_that_is_used_twice_is_a_defect_that_is_told(toy: Toy) -> None:
    async def twice(job: Any) -> ToyResult:
        await job.step("say", refining(job), "a", [])
        await job.step("say", refining(job), "b", [])
        return ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=twice)
    toy.queue()
    await toy.run()
    assert "used the step key 'say' twice" in (toy.job().message or "")
    errors = toy.read(lambda c: job_queries.errors(c, 1))
    assert errors[0].kind == "bug"
    assert "twice" in errors[0].traceback


@pytest.mark.parametrize("state", ["submitted", "running", "open"])
async def test_branches_that_ask_the_same_keep_their_own_results(toy: Toy, state: str) -> None:
    """Two branches of one request each have their own step, whatever the order they end in."""
    release = asyncio.Event()
    count = 0

    async def numbered(request: RefineRequest, _context: CallContext) -> Refinement:
        nonlocal count
        count += 1
        mine = count
        if mine == 1:
            await release.wait()
        release.set()
        return Refinement(prompt=f"answer {mine}", reason="", author="toy")

    async def branches(job: Any) -> ToyResult:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(job.scope(name).step("say", refining(job), "same", []))
                for name in ("left", "right")
            ]
        return ToyResult(answers=[task.result().prompt for task in tasks])

    toy.backend.reply = numbered
    toy.catalog.known_recipes["toy"] = replace(TOY, run=branches)
    toy.queue()
    await toy.run()
    assert json.loads(toy.job().result or "")["answers"] == ["answer 1", "answer 2"]
    with toy.store.alone() as write:  # the left one was lost; the right one was finished
        sql = "UPDATE steps SET state = ?, result = NULL WHERE key = 'left/say'"
        write(lambda c: c.execute(sql, (state,)))
    reopen(toy)
    await toy.run()
    assert json.loads(toy.job().result or "")["answers"] == ["answer 3", "answer 2"]


async def test_a_step_that_ends_between_loading_and_asking_is_not_made_again(toy: Toy) -> None:
    """A paid call outlives the job that was stopped; the job's next run takes its result."""
    toy.backend.change(paid=True)
    answer, begun, stopped_short = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(request: RefineRequest, _context: CallContext) -> None:
        begun.set()
        await answer.wait()

    async def two_steps(job: Any) -> ToyResult:
        if begun.is_set():  # the second run: the call ends before this run asks for it
            answer.set()
            stopped_short.set()
            await eventually(lambda: toy.steps()[0].state == "done")
        said = await job.step("say", refining(job), "slow", [])
        return ToyResult(answers=[said.prompt])

    toy.backend.reply = slow
    toy.catalog.known_recipes["toy"] = replace(TOY, run=two_steps)
    toy.queue()
    async with toy.running():
        await eventually(begun.is_set)
        await toy.obeyed("pause", job=1)
        await toy.becomes("paused")
        await toy.obeyed("resume", job=1)
        await eventually(stopped_short.is_set)
        await toy.becomes("done")
    assert toy.backend.asked == ["slow"]


async def test_a_job_claimed_again_joins_its_call_that_is_still_under_way(toy: Toy) -> None:
    toy.backend.change(paid=True)
    answer, begun = asyncio.Event(), asyncio.Event()

    async def slow(request: RefineRequest, _context: CallContext) -> None:
        begun.set()
        await answer.wait()

    toy.backend.reply = slow
    toy.queue(overrides={"steps": 1})
    async with toy.running():
        await eventually(begun.is_set)
        for _ in range(3):
            await toy.obeyed("pause", batch=1)
            assert toy.job().state == "queued"
            await toy.obeyed("resume", batch=1)
            await toy.becomes("running")
        answer.set()
        await toy.becomes("done")
    assert toy.backend.asked == ["prompt 0/say-0"]
    (step,) = toy.steps()
    assert (step.attempts, step.state) == (1, "done")


async def test_a_call_that_nobody_waits_for_is_not_sent(toy: Toy) -> None:
    """One call is in flight, the others wait in the lane: a stop lets only the one end."""
    toy.backend.change(paid=True, concurrency=1)
    answer, begun = asyncio.Event(), asyncio.Event()

    async def slow(request: RefineRequest, _context: CallContext) -> None:
        begun.set()
        await answer.wait()

    toy.backend.reply = slow
    toy.queue(overrides={"steps": 5, "together": True})
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(begun.is_set)
    engine.stop()
    await asyncio.sleep(0.1)
    assert not task.done()  # it lets the call end
    answer.set()
    await task
    assert len(toy.backend.asked) == 1
    assert [step.state for step in toy.steps()] == ["done"]
    toy.backend.reply = None
    await toy.run()
    assert toy.job().state == "done"
    assert len(toy.backend.asked) == 5


async def test_a_sibling_that_fails_leaves_paid_results_and_stops_what_was_not_sent(
    toy: Toy,
) -> None:
    toy.backend.change(paid=True, concurrency=2)
    answer = asyncio.Event()

    async def one_fails(request: RefineRequest, _context: CallContext) -> None:
        if request.brief.endswith("say-0"):
            raise Permanent("Not this one.")
        await answer.wait()

    toy.backend.reply = one_fails
    toy.queue(overrides={"steps": 6, "together": True})
    async with toy.running():
        await toy.becomes("failed")
        answer.set()
    states = {step.key: step.state for step in toy.steps()}
    assert states["say-0"] == "failed"
    assert states["say-1"] == "done"  # it was paid for, so it is kept
    assert len(states) <= 3
    toy.backend.reply = None
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "done"
    assert toy.backend.asked.count("prompt 0/say-1") == 1


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_results_that_cannot_be_read_back_are_a_defect_of_the_backend(toy: Toy) -> None:
    def odd(_request: RefineRequest, context: CallContext) -> Any:
        context.cost(70)
        seven: Any = 7
        return Refinement.model_construct(prompt=seven, reason="", author="toy")

    toy.backend.reply = odd
    toy.backend.change(paid=True)
    toy.queue()
    await toy.run()
    (step,) = toy.steps()
    assert (toy.job().state, step.state, step.cost, toy.batch().cost) == (
        "failed",
        "failed",
        70,
        70,
    )
    assert toy.read(lambda c: job_queries.errors(c, 1))[0].kind == "bug"


async def test_files_that_a_call_keeps_are_named_by_rows(toy: Toy) -> None:
    async def painted(request: RefineRequest, context: CallContext) -> None:
        artifact = await context.keep(request.brief.encode(), role="note")
        assert await context.read(artifact) == request.brief.encode()

    toy.backend.reply = painted
    toy.queue()
    await toy.run()
    rows = toy.read(lambda c: job_queries.artifacts(c, 1))
    assert [row.role for row in rows] == ["note"] * 3
    for row in rows:
        path = toy.paths.artifacts / row.hash[:2] / row.hash[2:]
        assert path.stat().st_size == row.size


async def test_an_engine_without_work_is_idle(toy: Toy) -> None:
    def is_idle(engine: Engine) -> bool:
        return engine.is_idle

    await toy.run(until=is_idle)
    toy.queue()
    await toy.run(until=is_idle)
    assert toy.batch().state == "done"


async def test_jobs_in_flight_are_limited(toy: Toy) -> None:
    toy.settings = quick_settings(jobs_in_flight=3)
    most = running = 0

    async def busy(request: RefineRequest, _context: CallContext) -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    toy.backend.reply = busy
    toy.queue(9)
    await toy.run()
    assert most <= 3
    assert toy.batch().done == 9
