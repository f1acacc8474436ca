"""Work on whole batches: their first steps, their progress outputs and their last steps."""

import asyncio
import sqlite3
from collections.abc import Callable

from db.writer import StoreWriter
from engine.runtime.batch_finalizer import BatchFinalizer
from engine.runtime.batch_steps import BatchStarter, BatchStepRunner
from engine.runtime.job.batches import BatchCache
from engine.runtime.output_writer import OutputWriter
from engine.runtime.progress_outputs import ProgressOutputs
from engine.runtime.step.job_state import JobState
from engine.runtime.step.runner import StepRunner


class BatchWork:
    """Starts and finishes the batches of one engine.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        steps: Runs steps.
        outputs: Writes the folders of batches.
        batches: Recipe, settings and backends of each batch.
        wake: Called when a batch has started or ended, and when a job has ended.
    """

    def __init__(
        self,
        writer: StoreWriter,
        reader: sqlite3.Connection,
        steps: StepRunner,
        outputs: OutputWriter,
        batches: BatchCache,
        wake: Callable[[], None],
    ) -> None:
        self._batches = batches
        self._wake = wake
        self._steps = BatchStepRunner(writer, reader, steps)
        self._progress = ProgressOutputs(writer, reader, outputs)
        self._starter = BatchStarter(writer, reader, self._steps, batches.get, self._ended)
        self._finalizer = BatchFinalizer(
            writer, reader, outputs, self._steps, self._progress, batches.get, self._ended
        )

    def start(self) -> None:
        """Start the first steps of the batches whose jobs wait for them."""
        self._starter.begin()

    def finish(self) -> None:
        """Start the last steps of the batches whose jobs have ended."""
        self._finalizer.begin()

    def job_ended(self, run: JobState) -> None:
        """Write the progress outputs that a job's end makes due."""
        self._progress.job_ended(run.batch)
        self._wake()

    @property
    def is_busy(self) -> bool:
        """True while a batch starts or finishes."""
        return bool(self._starter.tasks.running or self._finalizer.tasks.running)

    @property
    def finishing(self) -> "list[asyncio.Task[None]]":
        """Tasks of the batches that finish."""
        return self._finalizer.tasks.running

    def stop(self) -> "list[asyncio.Task[None]]":
        """Stop the steps of all batches; return their tasks, which end soon."""
        return list(self._steps.stop())

    def stop_start(self, batch_id: int | None) -> "list[asyncio.Task[None]]":
        """Stop the first steps of a batch, or of all; return their tasks, which end soon."""
        return list(self._steps.stop_first(batch_id))

    def _ended(self, batch_id: int) -> None:
        self._batches.forget(batch_id)
        self._wake()
