"""Failures by kind: retryable, permanent, blocked, bug, and unknown outcomes."""

import asyncio
import errno
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest

from db.queries import history
from db.queries import jobs as job_queries
from db.writes import jobs as job_writes
from engine.contract import (
    Blocked,
    CallContext,
    MissingRequirement,
    OutcomeUnknown,
    Permanent,
    Retryable,
)
from engine.contract.outputs import Outputs
from engine.recipes.refine.agents.refiner import Refinement, RefineRequest
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.lanes import lane as lanes
from engine.runtime.step import call as calling
from tests.support.agents import refining
from tests.support.engines import Toy, eventually, quick_settings
from tests.support.toys import TOY, ToyResult

NO_KEY = "The key was refused."


def in_turn(*answers: Exception | None) -> Callable[[RefineRequest, CallContext], None]:
    """Raises each error in its turn; None, and what comes after the last, succeeds."""
    left = list(answers)

    def reply(_request: RefineRequest, _context: CallContext) -> None:
        if left and (error := left.pop(0)) is not None:
            raise error

    return reply


def events(toy: Toy, type_: str = "") -> list[Any]:
    found = toy.read(lambda c: history.events_after(c, 0))
    return [event for event in found if not type_ or event.type == type_]


async def test_a_retryable_call_is_made_again_and_says_when(toy: Toy) -> None:
    toy.backend.change(paid=True)
    toy.backend.reply = in_turn(
        Retryable("Busy.", retry_after=0.01, cost=5), Retryable("Still busy.", cost=6)
    )
    toy.queue(overrides={"steps": 1})
    await toy.run()
    (step,) = toy.steps()
    assert (toy.job().state, step.attempts, len(toy.backend.asked)) == ("done", 3, 3)
    said = [(event.message, event.data) for event in events(toy, "step.retry")]
    assert said[0][0] == "say-0: Busy. Try 2 of 3 in 0.0 s."
    assert json.loads(said[0][1]) == {"wait_seconds": 0.01}
    calls = toy.read(lambda c: job_queries.api_calls(c, 1))
    assert [(call.status, call.cost, call.attempt) for call in calls] == [
        ("retryable", 5, 1),
        ("retryable", 6, 2),
        ("done", 0, 3),
    ]
    assert (step.cost, toy.job().cost, toy.batch().cost) == (11, 11, 11)  # failing costs too


async def test_tries_run_out_and_retry_goes_on_from_the_failed_step(toy: Toy) -> None:
    toy.backend.reply = in_turn(None, *[Retryable("Busy.")] * 3)
    toy.queue()
    await toy.run()
    assert (toy.job().state, toy.batch().state) == ("failed", "done_with_failures")
    assert "Busy." in (toy.job().message or "")
    toy.command("retry", batch=1)
    await toy.run()
    assert (toy.job().state, toy.batch().state) == ("done", "done")
    assert toy.backend.asked.count("prompt 0/say-0") == 1


async def test_a_permanent_failure_is_stored_and_raised_again_where_it_was(toy: Toy) -> None:
    async def with_fallback(job: Any) -> ToyResult:
        try:
            said = await job.step("say", refining(job), "no", [])
        except Permanent as error:
            said = await job.step("fallback", refining(job), f"because: {error.message}", [])
        last = await job.step("last", refining(job), "last", [])
        return ToyResult(answers=[said.prompt, last.prompt])

    def refuse(request: RefineRequest, _context: CallContext) -> None:
        if request.brief == "no":
            raise Permanent("Never.", remedy="Ask for something else.", cost=3)
        if request.brief == "last" and toy.backend.asked.count("last") == 1:
            raise Permanent("Not yet.")

    toy.catalog.known_recipes["toy"] = replace(TOY, run=with_fallback)
    toy.backend.reply = refuse
    toy.queue()
    await toy.run()
    assert toy.backend.asked == ["no", "because: Never.", "last"]
    assert toy.job().state == "failed"
    with toy.store.alone() as write:  # resumed without retry: nothing is asked again
        write(lambda c: c.execute("UPDATE jobs SET state = 'queued'"))
        write(lambda c: c.execute("UPDATE batches SET finish = 'pending'"))
    await toy.run()
    assert toy.backend.asked == ["no", "because: Never.", "last"]
    assert toy.job().state == "failed"
    toy.command("retry", job=1)  # reopens the failed steps, the caught one too
    await toy.run()
    assert toy.backend.asked[3:] == ["no", "last"]
    assert json.loads(toy.job().result or "")["answers"] == ["BECAUSE: NEVER.", "LAST"]
    assert (toy.job().cost, toy.batch().cost) == (6, 6)


async def test_a_retry_of_a_refused_request_asks_anew_and_one_of_a_lost_line_goes_back(
    toy: Toy,
) -> None:
    toy.backend.change(paid=True, resumable=True)
    submitted: list[str | None] = []

    async def submit(request: RefineRequest, context: CallContext) -> None:
        submitted.append(context.request_id)
        if context.request_id is None:
            await context.submitted(f"id-{len(submitted)}")
        if request.brief.endswith("say-0") and len(submitted) == 1:
            raise Permanent("The provider refuses the image.")
        if request.brief.endswith("say-1") and len(submitted) in {3, 4, 5}:
            raise Retryable("The line is down.")

    toy.backend.reply = submit
    toy.queue(overrides={"steps": 2})
    await toy.run()
    assert toy.job().state == "failed"
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "failed"
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "done"
    assert submitted == [None, None, None, "id-3", "id-3", "id-3"]


async def test_a_call_that_is_lost_by_the_provider_is_submitted_anew(toy: Toy) -> None:
    toy.backend.change(paid=True, resumable=True)
    seen: list[str | None] = []

    async def submit(_request: RefineRequest, context: CallContext) -> None:
        seen.append(context.request_id)
        if context.request_id is None:
            await context.submitted(f"id-{len(seen)}")
        if len(seen) == 1:
            raise Retryable("It has forgotten the request.", resubmit=True)

    toy.backend.reply = submit
    toy.queue(overrides={"steps": 1})
    await toy.run()
    assert (toy.job().state, seen) == ("done", [None, None])


async def test_a_bug_keeps_its_traceback_and_the_other_jobs_go_on(toy: Toy) -> None:
    def defect(request: RefineRequest, context: CallContext) -> None:
        if request.brief == "prompt 1/say-1":
            context.cost(9)
            raise ZeroDivisionError("what \udcff?")

    toy.backend.reply = defect
    toy.queue(3)
    await toy.run()
    assert [job.state for job in toy.jobs()] == ["done", "failed", "done"]
    (error,) = toy.read(lambda c: job_queries.errors(c, 2))
    assert (error.kind, error.type) == ("bug", "ZeroDivisionError")
    assert "in defect" in error.traceback
    assert error.message == "ZeroDivisionError: what \\udcff?"
    assert (toy.job(2).cost, toy.job(2).error_id) == (9, error.id)


async def test_a_bug_in_a_recipe_and_in_its_folder_ends_the_job(toy: Toy) -> None:
    def broken(_projection: Any) -> None:
        raise ValueError("the folder's writer is broken")

    toy.catalog.known_recipes["toy"] = replace(TOY, outputs=Outputs(write_job=broken))
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"
    assert "writer is broken" in (toy.job().message or "")
    toy.catalog.known_recipes["toy"] = TOY
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "done"


@pytest.mark.parametrize(
    "odd", [asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt(), TypeError("odd")]
)
async def test_whatever_a_recipe_raises_fails_its_job_alone(toy: Toy, odd: BaseException) -> None:
    async def odd_one(job: Any) -> ToyResult:
        if job.input.prompt.endswith("0"):
            raise odd
        return ToyResult(answers=[])

    toy.catalog.known_recipes["toy"] = replace(TOY, run=odd_one)
    toy.queue(2)
    await toy.run()
    assert [job.state for job in toy.jobs()] == ["failed", "done"]
    assert toy.read(lambda c: job_queries.errors(c, 1))[0].kind == "bug"


async def test_a_recipe_that_returns_no_model_fails(toy: Toy) -> None:
    async def nothing(_job: Any) -> None:
        return None

    toy.catalog.known_recipes["toy"] = replace(TOY, run=nothing)
    toy.queue()
    await toy.run()
    assert toy.job().state == "failed"


@pytest.fixture
def _probes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)


class Key:
    """A key that is wrong until it is mended."""

    def __init__(self) -> None:
        self.wrong = True
        self.refused = 0

    async def __call__(self, request: RefineRequest, _context: CallContext) -> None:
        await asyncio.sleep(0.01)  # so that several are in flight as the first is refused
        if self.wrong:
            self.refused += 1
            raise Blocked(NO_KEY, reason="key", remedy="Mend it in .env.")


@pytest.mark.usefixtures("_probes_at_once")
async def test_what_is_blocked_parks_and_goes_on_by_itself_when_it_is_mended(toy: Toy) -> None:
    key = toy.backend.reply = Key()
    toy.queue(20)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 20)
        parked = toy.jobs()
        assert {(job.reason, job.lane) for job in parked} == {("key", "toy")}
        assert parked[0].message == f"{NO_KEY} Mend it in .env."
        key.wrong = False
        await eventually(lambda: toy.batch().state == "done")
    assert toy.batch().done == 20


@pytest.mark.usefixtures("_probes_at_once")
@pytest.mark.parametrize(
    "error",
    [
        Blocked(NO_KEY, reason="key", remedy="Mend it in .env."),
        Retryable("It cannot be reached.", remedy="Start it.", parks="backend"),
    ],
    ids=["blocked", "away"],
)
async def test_a_probe_of_a_blocked_lane_leaves_no_events(toy: Toy, error: Exception) -> None:
    asked = 0

    def refuse(_request: RefineRequest, _context: CallContext) -> None:
        nonlocal asked
        asked += 1
        raise error

    toy.backend.reply = refuse
    toy.queue(2)
    async with toy.running() as engine:
        await eventually(lambda: toy.batch().parked == 2)
        before, tries, errors = events(toy), asked, toy.read(lambda c: job_queries.errors(c, 1))
        await eventually(lambda: asked > tries + 20 and toy.batch().parked == 2)
        assert events(toy) == before
        assert toy.read(lambda c: job_queries.errors(c, 1)) == errors
        row = next(lane for lane in engine.session.lanes.rows() if lane.name == "toy")
        assert (row.state, row.reason) == ("blocked", toy.job().reason)
        toy.backend.reply = None
        await eventually(lambda: toy.batch().state == "done")
    assert len(events(toy, "job.done")) == 2


async def test_a_job_whose_lane_works_again_as_it_is_parked_goes_on_as_any_other(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes.Lane, "block", lambda *_: None)  # as if unblocked at once
    goes_on = asyncio.Event()

    async def reply(_request: RefineRequest, _context: CallContext) -> None:
        if len(toy.backend.asked) == 1:
            raise Blocked(NO_KEY, reason="key", remedy="Mend it in .env.")
        await goes_on.wait()

    toy.backend.reply = reply
    toy.queue(1)
    async with toy.running():
        await eventually(lambda: len(toy.backend.asked) == 2)
        assert (toy.job().state, toy.job().lane, toy.job().reason) == ("running", None, None)
        assert len(events(toy, "job.started")) == 2
        goes_on.set()
        await eventually(lambda: toy.batch().state == "done")


async def test_what_another_lane_refuses_is_news(toy: Toy) -> None:
    """A job that tries a lane and gets through it is parked by the next one with an event."""
    toy.queue(1)
    job = toy.read(lambda c: job_queries.job(c, 1))
    with toy.store.intake() as write:
        write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.park_job(c, job, "key", "toy", "No key."))
        write(lambda c: job_writes.probe_lane(c, "toy"))
        write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.park_job(c, job, "key", "other", "No key."))
    assert len(events(toy, "job.started")) == 1
    assert [json.loads(e.data)["lane"] for e in events(toy, "job.parked")] == ["toy", "other"]


@pytest.mark.parametrize("ending", ["recovered", "put back"])
async def test_a_probe_that_is_cut_short_is_an_ordinary_job_again(toy: Toy, ending: str) -> None:
    toy.queue(1)
    job = toy.read(lambda c: job_queries.job(c, 1))
    with toy.store.intake() as write:
        write(lambda c: job_writes.claim_jobs(c, 1))
        write(lambda c: job_writes.park_job(c, job, "key", "toy", "No key."))
        write(lambda c: job_writes.probe_lane(c, "toy"))
        write(lambda c: job_writes.claim_jobs(c, 1))
        if ending == "recovered":
            write(job_writes.recover_jobs)
        else:
            write(lambda c: job_writes.put_back(c, job))
    assert (toy.job().state, toy.job().reason, toy.job().lane) == ("queued", None, None)


@pytest.mark.usefixtures("_probes_at_once")
async def test_a_server_that_does_not_answer_parks_after_all_tries_and_goes_on_when_it_does(
    toy: Toy,
) -> None:
    away = True

    def reply(_request: RefineRequest, _context: CallContext) -> None:
        if away:
            raise Retryable("It cannot be reached.", remedy="Start it.", parks="backend")

    toy.backend.reply = reply
    toy.settings.retry.breaker_seconds = 0.05
    toy.queue(4)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 4)
        parked = toy.jobs()
        assert {(job.reason, job.lane) for job in parked} == {("backend", "toy")}
        assert {job.message for job in parked} == {"It cannot be reached. Start it."}
        assert len(events(toy, "step.retry")) >= 2
        away = False
        await eventually(lambda: toy.batch().state == "done")
    assert toy.batch().done == 4


async def test_what_is_parked_goes_on_after_a_restart(toy: Toy) -> None:
    key = toy.backend.reply = Key()
    toy.queue(12)
    await toy.run(until=lambda _engine: toy.batch().parked == 12)
    key.wrong = False
    async with toy.running():
        await eventually(lambda: toy.batch().done == 12)


async def test_what_is_still_blocked_after_a_restart_costs_one_try(toy: Toy) -> None:
    key = toy.backend.reply = Key()
    toy.queue(12)
    await toy.run(until=lambda _engine: toy.batch().parked == 12)
    key.refused = 0
    async with toy.running():
        await eventually(lambda: key.refused == 1 and toy.batch().parked == 12)
    assert key.refused == 1


async def test_resuming_one_job_lets_the_others_of_the_lane_go_on_too(toy: Toy) -> None:
    key = toy.backend.reply = Key()
    toy.queue(6)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 6)
        key.wrong = False
        await toy.obeyed("resume", job=2)
        await eventually(lambda: toy.batch().done == 6)


@pytest.mark.usefixtures("_probes_at_once")
async def test_a_permanent_answer_proves_that_a_lane_works(toy: Toy) -> None:
    key = Key()

    async def reply(request: RefineRequest, context: CallContext) -> None:
        await key(request, context)
        raise Permanent("But not this.")

    toy.backend.reply = reply
    toy.queue(8)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 8)
        key.wrong = False
        await eventually(lambda: toy.batch().failed == 8)


async def test_resume_reads_the_env_file_again(toy: Toy) -> None:
    made_with: list[str | None] = []
    backend: Any = toy.catalog.backend

    def with_key(capability: Any, name: str, settings: Any, environment: Any) -> Any:
        made_with.append(environment.get("TOY_KEY"))
        lacks = (
            []
            if environment.get("TOY_KEY")
            else [MissingRequirement(what="a key", remedy="Set TOY_KEY.")]
        )
        made = backend(capability, name, settings, environment)
        made.lacks = lacks
        return made

    toy.catalog.backend = with_key
    toy.queue(2)
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 2)
        assert "Set TOY_KEY." in (toy.job().message or "")
        assert toy.steps() == []  # nothing was begun
        (toy.root / ".env").write_text("TOY_KEY=secret\n")
        await toy.obeyed("resume", batch=1)
        await eventually(lambda: toy.batch().state == "done")
    assert made_with[-1] == "secret"


async def test_settings_that_cannot_be_read_refuse_a_resume_and_nothing_else(toy: Toy) -> None:
    toy.queue(1)
    (toy.root / "safelight.toml").write_text("[engine\n")
    async with toy.running():
        answer = await toy.obeyed("resume", batch=1)
        assert answer.state == "refused"
        assert "safelight.toml" in (answer.answer or "")
        await toy.becomes("done")


async def test_a_batch_of_something_that_is_not_here_parks(toy: Toy) -> None:
    toy.queue(2)
    recipe = toy.catalog.known_recipes.pop("toy")
    await toy.run()
    assert {(job.state, job.reason) for job in toy.jobs()} == {("parked", "backend")}
    toy.catalog.known_recipes["toy"] = recipe
    toy.command("resume", batch=1)
    await toy.run()
    assert toy.batch().state == "done"


# -- outcomes that nobody knows ---------------------------------------------------------------


def lose_engine(toy: Toy, step_state: str = "running", attempts: int = 1) -> None:
    """Leaves the store as an engine that was killed in the middle of a call leaves it."""
    with toy.store.alone() as write:
        sql = "UPDATE steps SET state = ?, attempts = ?, result = NULL WHERE key = 'say-1'"
        write(lambda c: c.execute(sql, (step_state, attempts)))
        write(lambda c: c.execute("UPDATE jobs SET state = 'running', result = NULL"))
        write(lambda c: c.execute("UPDATE batches SET finish = 'pending'"))


@pytest.mark.parametrize(
    ("policy", "state", "asked"),
    [("ask", "parked", 3), ("retry", "done", 4), ("fail", "failed", 3)],
)
async def test_a_paid_call_without_an_outcome_follows_the_policy(
    toy: Toy, policy: Literal["ask", "retry", "fail"], state: str, asked: int
) -> None:
    toy.backend.change(paid=True)
    toy.settings = quick_settings(on_unknown=policy)
    toy.queue()
    await toy.run()
    lose_engine(toy)
    await toy.run()
    assert (toy.job().state, len(toy.backend.asked)) == (state, asked)
    if policy == "ask":
        assert toy.job().reason == "unknown-outcome"
        assert "nobody knows whether it did it" in (toy.job().message or "")
        toy.command("resume", job=1)
        await toy.run()
        assert (toy.job().state, len(toy.backend.asked)) == ("parked", 3)  # it asks still
    toy.command("retry", job=1)
    await toy.run()
    assert (toy.job().state, len(toy.backend.asked)) == ("done", 4)


async def test_a_free_call_without_an_outcome_is_made_again(toy: Toy) -> None:
    toy.queue()
    await toy.run()
    lose_engine(toy)
    await toy.run()
    assert (toy.job().state, len(toy.backend.asked)) == ("done", 4)


async def test_an_unknown_outcome_in_the_middle_of_work_follows_the_policy(toy: Toy) -> None:
    toy.backend.change(paid=True)
    toy.backend.reply = in_turn(None, OutcomeUnknown("The line dropped.", cost=4))
    toy.queue()
    await toy.run()
    assert (toy.job().state, toy.job().reason) == ("parked", "unknown-outcome")
    assert toy.batch().cost == 4
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "done"


async def test_a_call_that_takes_too_long_is_given_up(toy: Toy) -> None:
    async def never(_request: RefineRequest, _context: CallContext) -> None:
        await asyncio.Event().wait()

    toy.backend.reply = never
    toy.backend.change(paid=True)
    toy.settings = quick_settings(deadline_seconds=0.05)
    toy.queue()
    await toy.run()
    assert (toy.job().state, toy.job().reason) == ("parked", "unknown-outcome")
    toy.backend.change(paid=False)
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "failed"
    assert "gave no answer within 0.05 seconds" in (toy.job().message or "")


async def test_a_step_that_ends_the_engine_each_time_fails_in_the_end(toy: Toy) -> None:
    toy.settings = quick_settings(max_starts=5, on_unknown="retry")
    toy.backend.change(paid=True)
    toy.queue()
    await toy.run()
    lose_engine(toy, attempts=4)
    await toy.run()
    assert toy.job().state == "done"
    lose_engine(toy, attempts=5)
    await toy.run()
    assert toy.job().state == "failed"
    assert "was begun 5 times and never finished" in (toy.job().message or "")
    toy.command("retry", job=1)
    await toy.run()
    assert toy.job().state == "done"


# -- a disk that is full ----------------------------------------------------------------------


class FullDisk:
    """Artifacts cannot be stored until there is room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = True
        self.tried = 0
        put = ArtifactStore.put

        def put_or_not(store: ArtifactStore, data: bytes) -> str:
            self.tried += 1
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            return put(store, data)

        monkeypatch.setattr(ArtifactStore, "put", put_or_not)
        monkeypatch.setattr(calling, "UNWRITABLE_SECONDS", 0.01)
        monkeypatch.setattr(lanes, "PROBE_SECONDS", 0.05)


async def painted(request: RefineRequest, context: CallContext) -> None:
    await context.keep(request.brief.encode())


async def test_a_paid_result_waits_for_room_and_nothing_more_is_bought(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    monkeypatch.setattr(lanes, "PROBE_SECONDS", 60.0)
    toy.backend.reply = painted
    toy.backend.change(paid=True, concurrency=1)
    toy.queue(4, overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: disk.tried > 5)
        await eventually(lambda: toy.batch().parked == 3)
        assert len(toy.backend.asked) == 1
        assert {job.reason for job in toy.jobs() if job.state == "parked"} == {"disk"}
        disk.full = False
        await eventually(lambda: toy.batch().done == 1)
        await toy.obeyed("resume", batch=1)
        await eventually(lambda: toy.batch().done == 4)
    assert len(toy.backend.asked) == 4


async def test_a_free_step_parks_while_the_disk_is_full(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    toy.backend.reply = painted
    toy.queue(3, overrides={"steps": 1})
    async with toy.running():
        await eventually(lambda: toy.batch().parked == 3)
        assert toy.job().reason == "disk"
        disk.full = False
        await eventually(lambda: toy.batch().done == 3)


async def test_a_result_of_the_wrong_kind_is_a_bug(toy: Toy) -> None:
    async def wrong(_request: RefineRequest, _context: CallContext) -> Any:
        return Refinement  # the class, not an instance

    toy.backend.reply = wrong
    toy.queue()
    await toy.run()
    assert (toy.job().state, toy.steps()[0].state) == ("failed", "failed")
