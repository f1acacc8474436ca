"""Batches of the running jobs: recipe, settings and backends, loaded once for all of them."""

import sqlite3

from db.queries import batches as queries
from engine.contract.recipe import Catalog
from engine.runtime.job.load import load_batch
from engine.runtime.live_settings import LiveSettings
from engine.runtime.step.job_state import BatchState
from engine.runtime.store_gone import StoreGone


class BatchCache:
    """Load a batch when one of its jobs needs it.

    Args:
        reader: A connection of the event loop's.
        catalog: Recipes and backends.
        live: Settings and environment of the workspace.
    """

    def __init__(self, reader: sqlite3.Connection, catalog: Catalog, live: LiveSettings) -> None:
        self._reader = reader
        self._catalog = catalog
        self._live = live
        self._batches: dict[int, dict[int | None, BatchState]] = {}

    def get(self, batch_id: int, variant: int | None = None) -> BatchState:
        """Return what the jobs of a batch share.

        Args:
            batch_id: The batch.
            variant: Settings that some of its jobs have of their own; None for the batch's.

        Raises:
            Blocked: A recipe or backend of its snapshot is not installed here.
            StoreGone: The batch is no longer in the store.
        """
        variants = self._batches.setdefault(batch_id, {})
        if variant not in variants:
            variants[variant] = self._load(batch_id, variant)
        return variants[variant]

    def _load(self, batch_id: int, variant: int | None) -> BatchState:
        row = queries.batch(self._reader, batch_id)
        if row is None:
            raise StoreGone(f"Batch b{batch_id} is no longer in the store.")
        row = queries.batch_of(self._reader, row, variant)
        options = self._live.settings.backends
        return load_batch(row, self._catalog, self._live.environment, options)

    def forget(self, batch_id: int) -> None:
        """Forget a batch that has ended."""
        self._batches.pop(batch_id, None)

    def clear(self) -> None:
        """Reload every batch, with the present settings and environment."""
        self._batches.clear()
