"""The last step of a batch: summaries and exports, once all its jobs have ended."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from functools import partial

from db.queries import batches as queries
from db.writer import StoreWriter
from db.writes import batches as writes
from db.writes.errors import ErrorRecord, record_error
from engine.contract.recipe import AnyRecipe
from engine.runtime.output_writer import OutputWriter

log = logging.getLogger(__name__)


class BatchFinalizer:
    """Runs the last steps of the batches of one engine.

    Args:
        writer: The store's writer door.
        reader: A connection of the event loop's.
        projector: Writes the folders of batches.
        recipe_of: The recipe of a batch.
        on_end: Called with a batch's number when its last step has ended, however.

    Attributes:
        tasks: What is under way.
    """

    def __init__(
        self,
        writer: StoreWriter,
        reader: sqlite3.Connection,
        projector: OutputWriter,
        recipe_of: Callable[[int], AnyRecipe],
        on_end: Callable[[int], None],
    ) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self._writer = writer
        self._reader = reader
        self._projector = projector
        self._recipe_of = recipe_of
        self._on_end = on_end

    def begin(self) -> None:
        """Begins the last step of each batch that has come to it."""
        under_way = {task.get_name() for task in self.tasks}
        for batch_id in queries.batches_to_finish(self._reader):
            if (name := f"finish b{batch_id}") in under_way:
                continue
            task = asyncio.create_task(self._finish(batch_id), name=name)
            self.tasks.add(task)
            task.add_done_callback(partial(self._ended, batch_id))

    def _ended(self, batch_id: int, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        self._on_end(batch_id)
        if not task.cancelled() and task.exception():
            log.error("a batch's end went wrong", exc_info=task.exception())

    async def _finish(self, batch_id: int) -> None:
        if not await self._writer.write(lambda c: writes.begin_finish(c, batch_id)):
            return
        message: str | None = None
        try:
            await self._projector.finish(self._recipe_of(batch_id), batch_id)
        except Exception as error:
            log.exception("the end of batch b%d", batch_id)
            message = str(error)
            record = ErrorRecord("permanent", type(error).__name__, message)
            await self._writer.write(lambda c: record_error(c, record, batch_id))
        await self._writer.write(lambda c: writes.end_finish(c, batch_id, message))
