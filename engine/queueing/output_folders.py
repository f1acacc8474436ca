"""Folders of the jobs of a batch, chosen so that nothing is ever overwritten."""

import os
from pathlib import Path

from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.store import Store
from engine.text.folder_names import fold


class OutputFolders:
    """Folders below a results folder that are taken.

    Folders of jobs in the store, those assigned by this object, and those on disk are taken.

    Args:
        store: The workspace's store.
        root: The workspace's folder.
        results: The results folder, relative to `root` unless it is elsewhere.
    """

    def __init__(self, store: Store, root: Path, results: Path) -> None:
        self._reader = store.reader()
        self._root = root
        self._results = results
        self._claimed: set[str] = set()

    def full(self, name: str) -> str:
        """Return the key of a place; no two jobs may have the same key."""
        return fold(str(self._results / name))

    def holds_job(self, name: str) -> bool:
        """Return whether a place belongs to a job."""
        full = self.full(name)
        return full in self._claimed or job_queries.place_is_jobs(self._reader, full)

    def taken(self, name: str) -> bool:
        """Return whether a place cannot be assigned to a job."""
        if self.holds_job(name) or job_queries.place_taken(self._reader, self.full(name)):
            return True
        return os.path.lexists(self._root / self._results / name)

    def summary_taken(self, name: str) -> bool:
        """Return whether a batch's summary cannot be written there."""
        path = str(self._results / name)
        on_disk = os.path.lexists(self._root / self._results / name)
        return on_disk or batch_queries.summary_taken(self._reader, path)

    def claim(self, name: str) -> str:
        """Assign a place; return it with the results folder before it."""
        self._claimed.add(self.full(name))
        return str(self._results / name)

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()
