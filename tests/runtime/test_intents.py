"""Intents: what is known of a call before it is made, and what is only on its way to the disk."""

import asyncio
import sqlite3
from typing import Any

import pytest

from db.queries import jobs as job_queries
from db.writes import jobs as job_writes
from db.writes import steps as step_writes
from engine.capabilities import CallContext, Refinement, RefineRequest, Retryable
from tests.support.engines import Toy, eventually


def keep_what_is_known(toy: Toy) -> list[int]:
    """How many steps the store has at each call of the backend."""
    known = list[int]()

    def look(_request: RefineRequest, _context: CallContext) -> None:
        known.append(len(toy.steps()))

    toy.backend.reply = look
    return known


async def test_the_intent_of_a_paid_call_is_committed_before_it(toy: Toy) -> None:
    toy.backend.paid, known = True, keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [1, 2, 3]


async def test_the_intent_of_a_call_that_can_be_found_again_is_committed_before_it(
    toy: Toy,
) -> None:
    toy.backend.resumable, known = True, keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [1, 2, 3]


async def test_a_call_that_costs_nothing_is_made_while_its_intent_is_committed(toy: Toy) -> None:
    known = keep_what_is_known(toy)
    toy.queue()
    await toy.run()
    assert known == [0, 1, 2]
    assert [(step.state, step.attempts) for step in toy.steps()] == [("done", 1)] * 3


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
        await engine.stop_jobs(1, 1, "cancelled")
        step = await eventually(lambda: next((s for s in toy.steps() if s.state == "open"), None))
        assert step.attempts == 1
        await toy.becomes("cancelled")
        await toy.obeyed("retry", job=1)
        await toy.becomes("done")
    assert toy.read(lambda c: len(job_queries.steps(c, 1))) == 3
    assert [step.attempts for step in toy.steps()] == [2, 1, 1]
