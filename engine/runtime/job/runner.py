"""One job from claimed to ended: runs the recipe and records the outcome."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from db.writer import StoreWriter
from db.writes import jobs as writes
from db.writes.errors import record_error
from db.writes.steps import supersede_unused
from engine.contract import Blocked, Permanent, StepError
from engine.contract.folder import ExportError
from engine.runtime.artifacts import FileLost
from engine.runtime.job.errors import deciding_error, error_record
from engine.runtime.job.job import JobContext
from engine.runtime.lanes.lane import Lane
from engine.runtime.output_writer import OutputWriter
from engine.runtime.step.job_state import JobState
from engine.runtime.step.outcome import StepFailed, StepUnknown
from engine.runtime.step.runner import StepRunner
from engine.text.plural import pluralize

log = logging.getLogger(__name__)


class JobRunner:
    """Run jobs.

    Args:
        writer: The store's writer door.
        steps: Runs their steps.
        output_writer: Writes their folders.
        outputs_lane: Blocked while folders cannot be written.
        lane: Returns the lane of a name, None if there is none.
        on_ending: Called when the end of a run is about to be written: its place is free with that.
    """

    def __init__(
        self,
        writer: StoreWriter,
        steps: StepRunner,
        output_writer: OutputWriter,
        outputs_lane: Lane,
        lane: Callable[[str], Lane | None],
        on_ending: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._steps = steps
        self._output_writer = output_writer
        self._outputs_lane = outputs_lane
        self._lane = lane
        self._on_ending = on_ending

    async def run(self, run: JobState) -> None:
        """Run a claimed job until it has ended, is parked or is stopped; never raises."""
        run.has_begun = True
        self._steps.enter(run)
        try:
            ending = await self._ending(run)
            run.is_ending = True  # no stop comes in between: nothing is awaited
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # it may not have been noticed yet
                await _finish_despite_cancel(ending)
            else:
                await ending
        except Exception as error:  # a bug of ours; the job must not seem to run forever
            log.exception("the end of job j%d", run.job.id)
            job, message = run.job, f"{run.job.key}: {type(error).__name__}: {error}"
            await self._writer.write(lambda c: writes.end_job(c, job, "failed", message=message))
        finally:
            self._steps.leave(run)

    async def _ending(self, run: JobState) -> "Coroutine[Any, Any, None]":
        """Run the recipe; return the write of its outcome."""
        if run.then:  # it was stopped before it began
            return self._stopped(run)
        try:
            await self._check_outputs(run)
            result = await self._run_recipe(run)
            ending = await self._written_out(run, result)
        except asyncio.CancelledError as error:
            # A recipe that cancels itself has a bug; queued again, it would only repeat it.
            return self._stopped(run) if run.then else self._raised(run, error)
        except BaseException as error:  # noqa: BLE001 - whatever a recipe raises is its outcome
            return self._raised(run, error)
        return self._done(run, ending)

    async def _check_outputs(self, run: JobState) -> None:
        """Check that the job's files can be signed, before anything is paid for.

        Raises:
            Blocked: They cannot be.
        """
        try:
            await self._output_writer.check(run.recipe)
        except Blocked as error:
            self._block_outputs(error)
            raise

    def _block_outputs(self, error: Blocked) -> None:
        lane = self._outputs_lane
        error.lane = lane.name
        if lane.blocked is None:
            log.warning("%s", error.message)
            lane.block(error)

    async def _run_recipe(self, run: JobState) -> BaseModel:
        recipe = run.recipe
        try:
            input_ = run.parsed_input()
        except ValidationError as error:
            problems = pluralize(error.error_count(), "problem")
            raise Permanent(
                f"The stored input no longer fits the recipe: {problems}.",
                remedy="Queue the entry again with this version of Safelight.",
            ) from error
        result = await recipe.run(JobContext(self._steps, run, input_, run.batch.settings))
        if not isinstance(result, BaseModel):
            raise TypeError(f"The recipe {recipe.name} returned no model: {type(result).__name__}.")
        if unused := run.unused:  # steps of a way that the recipe no longer goes
            job = run.job
            await self._writer.write(lambda c: supersede_unused(c, job.batch_id, job.id, unused))
        return result

    async def _written_out(self, run: JobState, result: BaseModel) -> "_Ending":
        """Write the job's folder in its final form."""
        ending = _Ending(result.model_dump_json(), run.headline.of(result))
        try:
            await self._output_writer.project(
                run, state="done", result=ending.result, score=ending.score
            )
        except Blocked as error:
            self._block_outputs(error)
            raise
        self._outputs_lane.succeeded()
        return ending

    def _leave_running(
        self, run: JobState, operation: Callable[[sqlite3.Connection], None]
    ) -> "asyncio.Future[None]":
        """Writes what takes a job from the running ones; its place is free in the same commit."""
        written = self._writer.write(operation)
        run.has_left = True
        self._on_ending()
        return written

    async def _done(self, run: JobState, ending: "_Ending") -> None:
        job, result, score = run.job, ending.result, ending.score
        await self._leave_running(
            run, lambda c: writes.end_job(c, job, "done", result=result, score=score)
        )

    async def _stopped(self, run: JobState) -> None:
        job, then = run.job, run.then
        if then == "cancelled":
            self._steps.abandon(job.batch_id, job.id)
            await self._write_what_there_is(run, state="cancelled")
            await self._leave_running(run, lambda c: writes.end_job(c, job, "cancelled"))
        else:
            await self._leave_running(run, lambda c: writes.put_back(c, job, then))
            self._output_writer.refresh_outputs(run)

    async def _raised(self, run: JobState, error: BaseException) -> None:
        worst = deciding_error(error)
        if isinstance(worst, StepUnknown):
            await self._park(run, "unknown-outcome", None, worst)
        elif isinstance(worst, Blocked):
            await self._park(run, worst.reason, worst.lane, worst)
        else:
            await self._fail(run, worst)

    async def _park(self, run: JobState, reason: str, lane: str | None, error: StepError) -> None:
        job = run.job
        message = f"{error.message} {error.remedy}".strip()
        await self._leave_running(run, lambda c: writes.park_job(c, job, reason, lane, message))
        self._output_writer.refresh_outputs(run)
        known = self._lane(lane) if lane else None
        if lane and known is not None and known.blocked is None:  # fixed while it was parked
            if known.probing:
                await self._writer.write(lambda c: writes.probe_lane(c, lane))
            else:
                await self._writer.write(lambda c: writes.release_parked(c, lane, 1))

    async def _fail(self, run: JobState, error: BaseException) -> None:
        job = run.job
        error_id = error.error_id if isinstance(error, StepFailed) else 0
        if not error_id:
            record = error_record(error)
            error_id = await self._writer.write(
                lambda c: record_error(c, record, job.batch_id, job.id)
            )
        if _is_of_lost_files(error):
            await self._steps.reopen_lost(run)
        await self._write_what_there_is(run, state="failed", error_id=error_id)
        message = f"{job.key}: {error}"
        await self._leave_running(
            run, lambda c: writes.end_job(c, job, "failed", error_id=error_id, message=message)
        )

    async def _write_what_there_is(self, run: JobState, **ending: Any) -> None:
        """Write the folder of a job without a result; errors there have no further effect."""
        try:
            await self._output_writer.project(run, **ending)
        except Exception as trouble:  # noqa: BLE001 - the job has ended already, of something else
            log.warning("outputs of job j%d: %s", run.job.id, trouble)


@dataclass(frozen=True, slots=True)
class _Ending:
    """Return the columns of a job that is done: the result as JSON, and its headline."""

    result: str
    score: float | None


async def _finish_despite_cancel(ending: "Coroutine[Any, Any, None]") -> None:
    """Wait until an ending is written, despite pending stops."""
    task = asyncio.create_task(ending)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    task.result()


def _is_of_lost_files(error: BaseException) -> bool:
    causes = list[BaseException | None]([error])
    while (cause := causes[-1]) is not None and cause.__cause__ not in causes:
        causes.append(cause.__cause__)
    return any(isinstance(cause, FileLost | ExportError) for cause in causes)
