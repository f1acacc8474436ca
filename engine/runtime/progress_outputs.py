"""Progress outputs: interim results of a batch, written after every few ended jobs."""

import asyncio
import logging
import sqlite3
from functools import partial

from db.queries.batches import batch as read_batch
from db.writer import StoreWriter
from db.writes.batch_steps import set_checkpoints
from engine.runtime.output_writer import OutputWriter
from engine.runtime.step.job_state import BatchState

log = logging.getLogger(__name__)


class ProgressOutputs:
    """Write the progress outputs of the batches whose recipes have some.

    Up to how many jobs they are written is kept in the store once they are, so that none is left
    out by an engine that is killed: the next job that ends, or the end of the batch, writes it.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        outputs: Writes the folders of batches.
    """

    def __init__(
        self, writer: StoreWriter, reader: sqlite3.Connection, outputs: OutputWriter
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._outputs = outputs
        self._locks: dict[int, asyncio.Lock] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def job_ended(self, batch: BatchState) -> None:
        """Write the outputs that a job's end makes due, without waiting for them."""
        if batch.outputs.write_progress is None:
            return
        task = asyncio.create_task(self.write_due(batch), name=f"progress of b{batch.row.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def write_due(self, batch: BatchState) -> None:
        """Write the progress outputs that are due; trouble is logged, and they stay due."""
        if batch.outputs.write_progress is None:
            return
        async with self._locks.setdefault(batch.row.id, asyncio.Lock()):
            try:
                await self._write_due(batch)
            except Exception as error:  # noqa: BLE001 - the next one, or the end, writes it again
                log.warning("progress outputs of b%d: %s", batch.row.id, error)

    async def _write_due(self, batch: BatchState) -> None:
        batch_id, every = batch.row.id, batch.outputs.progress_every
        while (row := read_batch(self._reader, batch_id)) is not None:
            ended = row.checkpoints + every
            if row.ended < ended:
                return
            await self._outputs.write_progress(batch.recipe, batch_id, ended)
            await self._writer.write(partial(set_checkpoints, batch_id=batch_id, ended=ended))
