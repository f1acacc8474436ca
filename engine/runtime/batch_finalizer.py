"""The last step of a batch: summaries and exports, once all its jobs have ended."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable

from db.queries import batches as queries
from db.writer import StoreWriter
from db.writes import batch_steps as step_writes
from db.writes import batches as writes
from db.writes.errors import ErrorRecord, record_error
from db.writes.gates import batch_waits
from engine.contract import Blocked
from engine.runtime.batch_steps import AFTER, BatchStepRunner
from engine.runtime.batch_tasks import BatchTasks
from engine.runtime.job.errors import deciding_error, error_record
from engine.runtime.output_writer import OutputWriter
from engine.runtime.progress_outputs import ProgressOutputs
from engine.runtime.step.job_state import BatchState
from engine.runtime.step.outcome import StepFailed, StepUnknown
from engine.text.errors import UserError

log = logging.getLogger(__name__)


class BatchFinalizer:
    """Run the last steps of the batches of one engine.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        output_writer: Writes the folders of batches.
        runner: Runs the batch's own last steps.
        progress: Writes progress outputs that are due.
        batch_of: Recipe, settings and backends of a batch.
        on_end: Called with a batch's number when its last step has ended, however.

    Attributes:
        tasks: Tasks in progress.
    """

    def __init__(
        self,
        writer: StoreWriter,
        reader: sqlite3.Connection,
        output_writer: OutputWriter,
        runner: BatchStepRunner,
        progress: ProgressOutputs,
        batch_of: Callable[[int], BatchState],
        on_end: Callable[[int], None],
    ) -> None:
        self.tasks = BatchTasks("finish", self._finish, on_end)
        self._writer = writer
        self._reader = reader
        self._output_writer = output_writer
        self._runner = runner
        self._progress = progress
        self._batch_of = batch_of

    def begin(self) -> None:
        """Start the last step of each batch that is ready for it."""
        self.tasks.begin(queries.batches_to_finish(self._reader))

    async def _finish(self, batch_id: int) -> None:
        if not await self._writer.write(lambda c: writes.begin_finish(c, batch_id)):
            return
        try:
            batch = self._batch_of(batch_id)
            if not await self._run_last_steps(batch):
                return
            await self._output_writer.finish(batch.recipe, batch_id)
        except Blocked as error:
            await self._set_aside(batch_id, error)
        except Exception as error:  # noqa: BLE001 - whatever the recipe raises is shown
            await self._fail(batch_id, error)
        else:
            await self._end(batch_id, None)

    async def _fail(self, batch_id: int, error: Exception) -> None:
        if isinstance(error, UserError):
            log.warning("the end of batch b%d: %s", batch_id, error)
        else:
            log.error("the end of batch b%d", batch_id, exc_info=error)
        record = ErrorRecord("permanent", type(error).__name__, str(error))
        await self._writer.write(lambda c: record_error(c, record, batch_id))
        await self._end(batch_id, str(error))

    async def _end(self, batch_id: int, message: str | None) -> None:
        await self._writer.write(lambda c: writes.end_finish(c, batch_id, message))

    async def _run_last_steps(self, batch: BatchState) -> bool:
        """Run the recipe's `after`; return False if the batch cannot end yet, or has failed."""
        await self._progress.write_due(batch)
        batch_id, step = batch.row.id, batch.recipe.after
        if step is None or not queries.has_started(self._reader, batch_id):
            return True
        try:
            result = await self._runner.run(batch, AFTER, step)
        except asyncio.CancelledError:  # the next engine continues it
            raise
        except Exception as error:  # noqa: BLE001 - whatever the recipe raises is shown
            await self._set_aside(batch_id, deciding_error(error))
            return False
        text = result.model_dump_json()
        await self._writer.write(lambda c: step_writes.set_after_result(c, batch_id, text))
        return True

    async def _set_aside(self, batch_id: int, error: BaseException) -> None:
        """Park the end of a batch whose last steps are blocked, or end it with their failure."""
        if isinstance(error, StepUnknown | Blocked):
            message = f"{error.message} {error.remedy}".strip()
            gate = isinstance(error, Blocked) and error.reason == "approval"
            await self._writer.write(lambda c: _park(c, batch_id, message, gate=gate))
            return
        if not isinstance(error, StepFailed):
            record = error_record(error)
            await self._writer.write(lambda c: record_error(c, record, batch_id))
        await self._end(batch_id, str(error))


def _park(connection: sqlite3.Connection, batch_id: int, message: str, *, gate: bool) -> None:
    """Park the end of a batch, or run it again if its gate has just been answered."""
    step_writes.park_finish(connection, batch_id, message)
    if gate and not batch_waits(connection, batch_id):
        step_writes.resume_finish(connection, batch_id)
