"""Follow a batch until it finishes: with the engine that runs, or one in this process."""

import asyncio
from collections.abc import Callable

from db.errors import StoreError
from db.queries.batches import batch as read_batch
from db.rows import BatchRow
from db.store import Store
from engine.client.watch import BatchUpdate, watch_batch
from engine.config.paths import WorkspacePaths
from engine.config.process.signals import signals
from engine.runtime.engine import Engine
from engine.runtime.lock import WorkspaceBusy, lock_holder

POLL_SECONDS = 0.2


async def follow_batch(
    store: Store,
    paths: WorkspacePaths,
    make_engine: Callable[[], Engine],
    batch_id: int,
    on_update: Callable[[BatchUpdate], None],
) -> tuple[BatchRow, int]:
    """Follow a batch until it has ended or is parked; run the engine here if none is running.

    Where another engine runs and is lost, this process takes its place.

    Args:
        store: The workspace's store.
        paths: The workspace's places.
        make_engine: Makes an engine that has not taken the lock yet.
        batch_id: The batch.
        on_update: Called with what has changed, a few times a second.

    Returns:
        The batch as it is at the end, and the number of the signal that cut it short, or 0.
    """
    ended = asyncio.Event()
    watching = asyncio.create_task(watch_batch(store, batch_id, on_update, ended))
    attendant = _BatchFollower(store, paths, batch_id, watching)
    with signals(attendant.stop) as came:
        try:
            while not came() and not attendant.is_settled():
                await attendant.be_engine_or_wait(make_engine())
        finally:
            ended.set()
            await watching
        batch = attendant.batch()
        return batch, 0 if batch.is_over else came()


class _BatchFollower:
    def __init__(
        self, store: Store, paths: WorkspacePaths, batch_id: int, watching: "asyncio.Task[None]"
    ) -> None:
        self._store = store
        self._paths = paths
        self._batch_id = batch_id
        self._watching = watching
        self._stopped = asyncio.Event()
        self._engine: Engine | None = None

    def batch(self) -> BatchRow:
        connection = self._store.reader()
        try:
            batch = read_batch(connection, self._batch_id)
        finally:
            connection.close()
        if batch is None:
            raise StoreError(f"Batch b{self._batch_id} is no longer in the store.")
        return batch

    def is_settled(self) -> bool:
        """Return whether the batch has ended, or waits for something that an operator has to do."""
        batch = self.batch()
        return batch.is_over or batch.state == "parked"

    def stop(self) -> None:
        """Stop working or waiting."""
        if self._engine is not None:
            self._engine.stop()
        self._stopped.set()

    async def be_engine_or_wait(self, engine: Engine) -> None:
        """Work or wait until the batch is settled, or stopped."""
        self._engine = engine

        def is_over(engine: Engine) -> bool:
            return engine.batch_is_over(self._batch_id) or self._watching.done()

        try:
            await engine.run(until=is_over)
        except WorkspaceBusy:
            await self._wait_for_other_engine()

    async def _wait_for_other_engine(self) -> None:
        while not self._stopped.is_set() and lock_holder(self._paths.lock):
            if self.is_settled():
                return
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._stopped.wait()
            except TimeoutError:
                continue
