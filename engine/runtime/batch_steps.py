"""A batch's own steps: before its first job, and after its last."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel

from db.queries import batches as queries
from db.queries.jobs import all_jobs
from db.writer import StoreWriter
from db.writes import batch_steps as writes
from db.writes.errors import record_error
from db.writes.gates import batch_waits
from db.writes.steps import supersede_unused
from engine.contract import Blocked
from engine.contract.batch import BatchJob, BatchStep
from engine.runtime.batch_tasks import BatchTasks
from engine.runtime.job.errors import deciding_error, error_record
from engine.runtime.job.job import JobContext
from engine.runtime.job.load import load_batch_steps
from engine.runtime.step.job_state import BatchState, JobState
from engine.runtime.step.outcome import StepFailed, StepUnknown
from engine.runtime.step.runner import StepRunner

log = logging.getLogger(__name__)

BEFORE, AFTER = "before", "after"
"""Scopes of the steps."""


class BatchStepContext(JobContext[Any, Any]):
    """View of a batch for its own steps."""

    def __init__(
        self, runner: StepRunner, run: JobState, scope: str, reader: sqlite3.Connection
    ) -> None:
        super().__init__(runner, run, None, run.batch.settings)
        self._path = scope
        self._batch = run.batch.row
        self._reader = reader

    @property
    def name(self) -> str:
        """The batch's name."""
        return self._batch.name

    @property
    def source(self) -> str:
        """Path of the input as it was given, or `-`."""
        return self._batch.source

    def jobs(self) -> Iterator[BatchJob]:
        """Yield the batch's jobs in the order of the input."""
        batch = self._run.batch
        for row in all_jobs(self._reader, batch.row.id):
            yield BatchJob(
                key=row.key,
                state=row.state,
                input=batch.parsed_input(row.input),
                result=row.decoded_result,
                score=row.score,
            )


class BatchStepRunner:
    """Run the own steps of batches.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        steps: Runs steps.
    """

    def __init__(self, writer: StoreWriter, reader: sqlite3.Connection, steps: StepRunner) -> None:
        self._writer = writer
        self._reader = reader
        self._steps = steps
        self._runs: dict[tuple[str, int], JobState] = {}

    async def run(self, batch: BatchState, scope: str, step: BatchStep[Any]) -> BaseModel:
        """Run the steps of a scope; return the recipe's result.

        Raises:
            Blocked: Something outside is missing.
            Permanent: A step has failed permanently.
        """
        run = load_batch_steps(self._reader, batch, scope)
        run.task = asyncio.current_task()
        run.has_begun = True
        batch_id = batch.row.id
        self._runs[scope, batch_id] = run
        self._steps.enter(run)
        try:
            result: BaseModel = await step.run(
                BatchStepContext(self._steps, run, scope, self._reader)
            )
        finally:
            self._steps.leave(run)
            del self._runs[scope, batch_id]
        expected: type[BaseModel] = step.result
        if not isinstance(result, expected):
            name = type(result).__name__
            raise TypeError(f"{scope} of the recipe returned {name}, not {expected.__name__}.")
        if unused := run.unused:
            await self._writer.write(lambda c: supersede_unused(c, batch_id, None, unused))
        return result

    def stop(self) -> list["asyncio.Task[None]"]:
        """Stop all steps where they are; return the tasks that end."""
        return self._stop(list(self._runs.values()))

    def stop_first(self, batch_id: int | None) -> list["asyncio.Task[None]"]:
        """Stop the first steps of a batch, or of all, where they are; return the ending tasks."""
        return self._stop(
            [
                run
                for (scope, number), run in self._runs.items()
                if scope == BEFORE and batch_id in {None, number}
            ]
        )

    @staticmethod
    def _stop(chosen: "Sequence[JobState]") -> list["asyncio.Task[None]"]:
        for run in chosen:
            run.stop("queued")
        return [run.task for run in chosen if run.task is not None]


class BatchStarter:
    """Run the first steps of the batches that have some; their jobs wait meanwhile.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        runner: Runs the steps.
        batch_of: Returns recipe, settings and backends of a batch.
        on_end: Called with a batch's number when its first steps have ended or are set aside.

    Attributes:
        tasks: Tasks in progress.
    """

    def __init__(
        self,
        writer: StoreWriter,
        reader: sqlite3.Connection,
        runner: BatchStepRunner,
        batch_of: Callable[[int], BatchState],
        on_end: Callable[[int], None],
    ) -> None:
        self.tasks = BatchTasks("start", self._start, on_end)
        self._writer = writer
        self._reader = reader
        self._runner = runner
        self._batch_of = batch_of

    def begin(self) -> None:
        """Start the first steps of each batch whose jobs wait for them."""
        self.tasks.begin(queries.batches_to_start(self._reader))

    async def _start(self, batch_id: int) -> None:
        if not await self._writer.write(lambda c: writes.begin_start(c, batch_id)):
            return
        try:
            batch = self._batch_of(batch_id)
            if batch.recipe.before is None:
                raise TypeError(f"The recipe {batch.recipe.name} has no first steps any more.")
            result = await self._runner.run(batch, BEFORE, batch.recipe.before)
        except asyncio.CancelledError:
            self._writer.write(lambda c: writes.put_back_start(c, batch_id))
            raise
        except Exception as error:  # noqa: BLE001 - whatever the recipe raises ends its start
            await self._set_aside(batch_id, deciding_error(error))
        else:
            text = result.model_dump_json()
            await self._writer.write(lambda c: writes.end_start(c, batch_id, text))

    async def _set_aside(self, batch_id: int, error: BaseException) -> None:
        """Park the jobs of a batch whose first steps are blocked, or end them with a failure."""
        if isinstance(error, StepUnknown | Blocked):
            reason = error.reason if isinstance(error, Blocked) else "unknown-outcome"
            lane = error.lane if isinstance(error, Blocked) else None
            message = f"{error.message} {error.remedy}".strip()
            move = partial(_park, batch_id=batch_id, reason=reason, lane=lane, message=message)
        else:
            error_id = await self._error_id(batch_id, error)
            move = partial(writes.fail_queued, batch_id=batch_id, error_id=error_id)
        while await self._writer.write(move):
            pass
        await self._writer.write(lambda c: writes.put_back_start(c, batch_id))

    async def _error_id(self, batch_id: int, error: BaseException) -> int:
        if isinstance(error, StepFailed) and error.error_id:
            return error.error_id
        record = error_record(error)
        return await self._writer.write(lambda c: record_error(c, record, batch_id))


def _park(
    connection: sqlite3.Connection, batch_id: int, reason: str, lane: str | None, message: str
) -> int:
    """Park a slice of a batch's jobs, unless the gate that they wait for has just been answered."""
    if reason == "approval" and not batch_waits(connection, batch_id):
        return 0
    return writes.park_queued(connection, batch_id, reason, lane, message)
