"""Which folder each job of a batch writes to, so that nothing is ever overwritten."""

import os
from pathlib import Path

from db.queries import batches as batch_queries
from db.queries import jobs as job_queries
from db.store import Store
from engine.outputs.names import fold


class OutputFolders:
    """Which folders below a results folder are taken.

    Taken is what a job of the store has, what this object has given away, and what lies on disk.

    Args:
        store: The workspace's store.
        root: The workspace's folder.
        results: The results folder, relative to `root` unless it lies elsewhere.
    """

    def __init__(self, store: Store, root: Path, results: Path) -> None:
        self._reader = store.reader()
        self._root = root
        self._results = results
        self._claimed: set[str] = set()

    def full(self, name: str) -> str:
        """The form of a place in which no two jobs may have the same."""
        return fold(str(self._results / name))

    def holds_job(self, name: str) -> bool:
        """Whether a place is a job's own."""
        full = self.full(name)
        return full in self._claimed or job_queries.place_is_jobs(self._reader, full)

    def taken(self, name: str) -> bool:
        """Whether a place cannot be given to a job."""
        if self.holds_job(name) or job_queries.place_taken(self._reader, self.full(name)):
            return True
        return os.path.lexists(self._root / self._results / name)

    def summary_taken(self, name: str) -> bool:
        """Whether a batch's summary cannot be written there."""
        path = str(self._results / name)
        on_disk = os.path.lexists(self._root / self._results / name)
        return on_disk or batch_queries.summary_taken(self._reader, path)

    def claim(self, name: str) -> str:
        """Gives a place away; returns it with the results folder before it."""
        self._claimed.add(self.full(name))
        return str(self._results / name)

    def close(self) -> None:
        """Closes the connection."""
        self._reader.close()
