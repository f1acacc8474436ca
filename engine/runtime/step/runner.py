"""Steps: durable execution of calls.

A step is known by `(job, key)` and the fingerprint of its call. One that has finished answers from
the store. One that has not is asked of its backend through the backend's lane: the intent is a row
before the call, the provider's id as soon as it is known, the result with all that belongs to it
in one transaction. A call that is under way is the engine's, not the job's: a job that is
stopped, or a branch whose sibling failed, never throws away what was paid for.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from db.queries.jobs import artifacts
from db.writes import steps as writes
from db.writes.reopening import reopen_makers
from engine.config.settings import Settings
from engine.contract import Call, Result, Score
from engine.contract.tracing import TRACE
from engine.runtime.step.execution import StepExecution
from engine.runtime.step.fingerprint import fingerprint
from engine.runtime.step.job_state import JobState, StepRecord
from engine.runtime.step.outcome import stored_failure
from engine.runtime.step.services import StepRequest, StepResult, StepServices, headline_of

T = TypeVar("T")
ResultT = TypeVar("ResultT", bound=Result)
log = logging.getLogger(__name__)

FINISH_SECONDS = 0.2
"""Between two writes of the progress of calls that end while the engine closes."""


class StepRunner:
    """Runs the steps of all jobs of one engine.

    Args:
        services: Shared by all steps.
        publish: Called when a run has come to the end of an iteration.
    """

    def __init__(self, services: StepServices, publish: Callable[[JobState], None]) -> None:
        self._services = services
        self.publish = publish
        self._under_way: dict[tuple[int, str, str], StepExecution] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def enter(self, run: JobState) -> None:
        """Makes what finishes from now on known to a run."""
        self._services.runs[run.job.id] = run

    def leave(self, run: JobState) -> None:
        """Unregister a run unless the job has since started another."""
        if self._services.runs.get(run.job.id) is run:
            del self._services.runs[run.job.id]

    def reload(self, settings: Settings) -> None:
        """Take new settings, from the next call on."""
        self._services.reload(settings)

    @property
    def fallback_when_blocked(self) -> bool:
        """True if another backend is asked if one is blocked."""
        return self._services.engine_settings.fallback_when_blocked

    def is_calling(self, batch_id: int | None = None) -> bool:
        """Return True while a call is in flight, also one that has outlived its job's run.

        Args:
            batch_id: Only calls of this batch, None for all.
        """
        if batch_id is None:
            return bool(self._tasks)
        return any(execution.batch_id == batch_id for execution in self._under_way.values())

    async def write(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Return the result of a write, once it is committed."""
        return await self._services.writer.write(operation)

    async def finish_calls(self, grace: float, patience: float) -> None:
        """Let calls in flight end; cancel those that have no outcome within the grace period.

        Args:
            grace: Seconds that calls may still take.
            patience: Seconds that cancelled calls may take to end.
        """
        deadline = time.monotonic() + grace
        while self._tasks and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=min(FINISH_SECONDS, left))
            self._services.progress.flush()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    def abandon(self, batch_id: int, job_id: int | None = None) -> None:
        """Cancel free calls in flight; paid ones continue.

        Args:
            batch_id: The batch.
            job_id: The job, None for all of the batch.
        """
        for place, execution in list(self._under_way.items()):
            of_job = execution.batch_id == batch_id and job_id in {None, place[0]}
            if of_job and not execution.is_paid:
                log.debug("abandoning %s of job j%d", place[1], place[0])
                self._give_up(execution)

    async def reopen_lost(self, run: JobState) -> None:
        """Opens the steps of a job whose files are gone or damaged, so that a retry makes them."""
        services, job_id = self._services, run.job.id
        rows = await services.writer.write(lambda c: artifacts(c, job_id))
        named = {row.hash for row in rows if row.role != TRACE}
        if lost := await asyncio.to_thread(services.artifacts.lost, named):
            await services.writer.write(lambda c: reopen_makers(c, job_id, lost))

    async def step(
        self, run: JobState, scope: str, name: str, call: Call[ResultT], *, iteration: int
    ) -> ResultT:
        """Return the result of a call: recorded, or of a call now."""
        identity = run.batch.identity(call.backend)
        print_ = fingerprint(cast("Call[Result]", call), identity)
        key = f"{scope}/{name}" if scope else name
        record = await self.recorded(run, key, print_)
        if record is not None and record.state == "done":
            result = call.result_type.model_validate_json(record.result or "null")
            scores: Sequence[Score] = result.scores()
        else:
            asked = StepRequest(run, scope, name, key, call, print_, iteration)
            answer, scores = await self._made(asked, record)
            result = cast("ResultT", answer)
        run.best = headline_of(run, scores)
        return result

    async def recorded(self, run: JobState, key: str, print_: str) -> StepRecord | None:
        """Make a version of a step the current one; return what the store knows of it.

        Raises:
            RuntimeError: The run has asked for the step before.
        """
        if key in run.used:
            raise RuntimeError(f"The recipe has used the step key {key!r} twice in one job.")
        run.used.add(key)
        if (kept := run.kept.get(key)) is not None:
            return kept
        if run.has_other_version(key, print_):
            batch_id, job_id = run.job.batch_id, run.row_id
            await self.write(lambda c: writes.supersede_others(c, batch_id, job_id, key, print_))
        return run.records.get((key, print_))

    async def _made(self, asked: StepRequest, record: StepRecord | None) -> StepResult:
        if record is not None and record.state == "failed":
            raise stored_failure(record)
        execution = self._execution(asked, record)
        execution.wanted = True
        try:
            return await execution.answer()
        except asyncio.CancelledError:
            execution.wanted = False
            if not execution.in_flight:  # nobody has been asked yet, and nobody waits any more
                self._give_up(execution)
            raise

    def _execution(self, asked: StepRequest, record: StepRecord | None) -> StepExecution:
        """Return the execution that already runs this step, else a new one."""
        execution = self._under_way.get(asked.place)
        if execution is None:
            execution = StepExecution(self._services, asked, record, self._forget)
            self._under_way[execution.place] = execution
            self._tasks.add(execution.task)
        return execution

    def _give_up(self, execution: StepExecution) -> None:
        if self._under_way.get(execution.place) is execution:
            del self._under_way[execution.place]
        execution.give_up()

    def _forget(self, execution: StepExecution) -> None:
        self._tasks.discard(execution.task)
        if self._under_way.get(execution.place) is execution:
            del self._under_way[execution.place]
