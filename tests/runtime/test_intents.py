"""Intents: the record of a call before it is sent, and writes that are on their way to the disk."""

import asyncio
import gc
import math
import sqlite3
from typing import Any

import pytest

import db.writer
from db.queries import jobs as job_queries
from db.writes import jobs as job_writes
from db.writes import steps as step_writes
from engine.contract import CallContext, Permanent, Retryable
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.step.call_context import MAX_MESSAGE
from engine.runtime.timings import EngineTimings
from tests.support.engines import PATIENCE, Toy, eventually, quick_settings


def keep_what_is_known(toy: Toy) -> list[int]:
    """Number of steps in the store at each call of the backend."""
    known = list[int]()

    def look(_request: RefineRequest, _context: CallContext) -> None:
        known.append(len(toy.steps()))

    toy.backend.reply = look
    return known


async def test_the_intent_of_a_paid_call_is_committed_before_it(toy: Toy) -> None:
    toy.backend.change(paid=True)
    known = keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [1, 2, 3]


async def test_the_intent_of_a_call_that_can_be_found_again_is_committed_before_it(
    toy: Toy,
) -> None:
    toy.backend.change(resumable=True)
    known = keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [1, 2, 3]


async def test_a_call_that_costs_nothing_is_made_while_its_intent_is_committed(toy: Toy) -> None:
    known = keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [0, 1, 2]
    assert [(step.state, step.attempts) for step in toy.steps()] == [("done", 1)] * 3


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (10**400, None),
        (math.nan, None),
        ("half", None),
        (math.inf, 1.0),
        (-3, 0.0),
        (7.5, 1.0),
        (0.25, 0.25),
        (None, None),
    ],
)
async def test_a_share_that_means_nothing_is_not_shown(toy: Toy, said: Any, shown: Any) -> None:
    seen: list[tuple[float | None, int]] = []

    async def reply(_request: Any, context: Any) -> None:
        context.on_progress = lambda fraction, message: seen.append((fraction, len(message)))
        context.progress(said, "x" * 1_000_000)

    toy.backend.reply = reply
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert toy.job().state == "done"
    assert seen == [(shown, MAX_MESSAGE)]


async def test_a_long_call_is_seen_while_it_runs_with_its_stage_and_progress(toy: Toy) -> None:
    go_on = asyncio.Event()

    async def slowly(_request: RefineRequest, context: CallContext) -> None:
        context.progress(0.25, "a quarter")  # said once, before anything is committed
        await go_on.wait()

    toy.backend.reply = slowly
    toy.queue()
    async with toy.running():
        shown = "SELECT fraction, message FROM progress"
        rows = await eventually(lambda: toy.read(lambda c: c.execute(shown).fetchall()))
        assert [tuple(row) for row in rows] == [(0.25, "a quarter")]
        assert [step.state for step in toy.steps()] == ["running"]
        assert await eventually(lambda: toy.job().stage) == "say-0"
        go_on.set()
        await toy.becomes("done")
    assert toy.job().stage is None
    assert toy.read(lambda c: c.execute(shown).fetchall()) == []


async def test_the_intent_of_a_job_that_was_begun_before_is_committed_first(toy: Toy) -> None:
    """Its call may be what ended the engine; how often it was begun is counted."""
    toy.queue()
    with toy.store.alone() as write:
        write(lambda c: job_writes.claim_jobs(c, 1))  # an engine that was lost at once
    known = keep_what_is_known(toy)
    await toy.run()
    assert toy.job().starts == 2
    assert known == [1, 2, 3]


async def test_a_stage_is_not_shown_of_a_job_that_has_ended(toy: Toy) -> None:
    toy.queue()
    await toy.run()
    with toy.store.alone() as write:
        write(lambda c: step_writes.show_stages(c, {1: "say-1"}))
    assert toy.job().stage is None


@pytest.mark.parametrize("fails", [False, True])
async def test_an_intent_that_cannot_be_written_fails_its_step_and_nothing_else(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """The call's answer, or its failure, is not taken for one that is stored."""
    begin = step_writes.begin_step

    def broken(connection: sqlite3.Connection, intent: Any, *more: Any) -> int:
        if intent.key == "say-1" and intent.job_id == 1:
            raise sqlite3.IntegrityError("no such luck")
        return begin(connection, intent, *more)

    def reply(request: RefineRequest, _context: CallContext) -> None:
        if fails and request.brief == "prompt 0/say-1":
            raise Retryable("Not now.")

    monkeypatch.setattr(step_writes, "begin_step", broken)
    toy.backend.reply = reply
    toy.queue(2)
    await toy.run()
    assert [job.state for job in toy.jobs()] == ["failed", "done"]
    assert "no such luck" in (toy.job().message or "")
    assert [step.key for step in toy.steps(1)] == ["say-0"]


async def test_a_call_that_is_given_up_before_its_intent_is_committed_is_put_aside(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(_request: RefineRequest, _context: CallContext) -> Refinement | None:
        begun.set()
        await asyncio.sleep(3600 if toy.backend.asked.count("prompt 0/say-0") == 1 else 0)
        return None

    toy.backend.reply = endless
    toy.queue()
    async with toy.running() as engine:
        await begun.wait()  # in the very turn in which the intent was queued
        await engine.session.stop_jobs(1, 1, "cancelled")
        step = await eventually(lambda: next((s for s in toy.steps() if s.state == "open"), None))
        assert step.attempts == 1
        await toy.becomes("cancelled")
        await toy.obeyed("retry", job=1)
        await toy.becomes("done")
    assert toy.read(lambda c: len(job_queries.steps(c, 1))) == 3
    assert [step.attempts for step in toy.steps()] == [2, 1, 1]


def break_one_commit(monkeypatch: pytest.MonkeyPatch, *, job: int, key: str) -> list[str]:
    """The commit that holds a step's intent fails for good; returns what broke, once it did."""
    begin, each = step_writes.begin_step, db.writer.StoreWriter._commit_each
    begun, broke = set[tuple[int, str]](), list[str]()

    def noting(connection: sqlite3.Connection, intent: Any, *more: Any) -> int:
        begun.add((intent.job_id, intent.key))
        return begin(connection, intent, *more)

    def commit_each(writer: Any, items: Any, apply: Any) -> None:
        def then_break(connection: sqlite3.Connection, item: Any) -> None:
            apply(connection, item)
            if (job, key) in begun and item is items[-1] and not broke:
                broke.append(key)
                raise sqlite3.DatabaseError("the commit fails for good, once")

        each(writer, items, then_break)

    monkeypatch.setattr(step_writes, "begin_step", noting)
    monkeypatch.setattr(db.writer.StoreWriter, "_commit_each", commit_each)
    return broke


@pytest.mark.parametrize("fails", [False, True])
async def test_an_intent_whose_commit_fails_for_good_touches_no_other_step(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """The row's number, known before the commit, is given to another step's row after it."""
    broke = break_one_commit(monkeypatch, job=1, key="say-1")

    def other_is_done() -> bool:
        return any(step.key == "say-1" and step.state == "done" for step in toy.steps(2))

    async def reply(request: RefineRequest, _context: CallContext) -> None:
        if request.brief == "prompt 1/say-0":
            await eventually(lambda: broke)
        if request.brief == "prompt 0/say-1":
            await eventually(other_is_done)
            if fails:
                raise Permanent("No.")

    toy.backend.reply = reply
    toy.queue(2, overrides={"steps": 2})
    await toy.run()
    found = {step.key: step for step in toy.steps(2)}["say-1"]
    assert found.state == "done"
    assert "PROMPT 1/SAY-1" in (found.result or "")
    assert [job.state for job in toy.jobs()] == ["failed", "done"]


async def test_a_stop_does_not_wait_for_an_intent_that_cannot_be_written(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db.writer, "_RETRY_SECONDS", 0.01)
    # Whoever waits for a cancelled call that cannot end waits for ever.
    toy.timings = EngineTimings(calls=math.inf, jobs=0.1, batches=0.1, row=0.1, writes=0.1)
    broken = False
    commit = db.writer.StoreWriter._commit

    def commit_or_not(writer: Any, items: Any) -> None:
        if broken:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        commit(writer, items)

    monkeypatch.setattr(db.writer.StoreWriter, "_commit", commit_or_not)

    def reply(_r: RefineRequest, _c: CallContext) -> None:
        nonlocal broken
        broken = True

    toy.backend.reply = reply
    toy.settings = quick_settings(grace_seconds=0.1)
    toy.queue(1, overrides={"steps": 1})
    engine = toy.engine()
    task = asyncio.create_task(engine.run())
    await eventually(lambda: engine.trouble)
    engine.stop()
    ended, _ = await asyncio.wait({task}, timeout=PATIENCE)
    assert [one.exception() for one in ended] == [None]
    engine = task = ended = None
    gc.collect()  # what failed for good is said of here, not in the middle of another test
