"""Deleting batches: outputs first, then rows, then stored files that nothing names any more.

Each slice can be repeated: a process that is killed in one leaves the rest to the next engine or
command. Stored files are removed only while nothing else could begin to use them.
"""

import contextlib
import filecmp
import logging
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from db.errors import LinkFound
from db.no_links import refuse_links_below
from db.queries import deletions as queries
from db.queries.batches import batch as read_batch
from db.rows import BatchRow, JobRow
from db.store import Store
from db.writes import deletions as writes
from engine.config.paths import WorkspacePaths
from engine.contract.folder import ExportError, Folder
from engine.contract.outputs import Outputs, Projection, Write
from engine.contract.recipe import Catalog
from engine.kinds.thumbnails import Previews, Thumbnails
from engine.runtime.artifacts import ArtifactStore
from engine.runtime.intake_lock import IntakeBusy, nothing_taken_in

log = logging.getLogger(__name__)

SLICE_JOBS = 25
"""Jobs that one slice deletes."""

SLICE_FILES = 20_000
"""Stored files that one slice removes."""

Slice = Callable[[sqlite3.Connection], object]
"""The rows of one slice, to be deleted in a transaction."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """Deletes batches that are marked for it; its methods block, so call them in a thread.

    Attributes:
        store: The store.
        paths: Folders of the workspace.
        catalog: Recipes, which know the names of their outputs.
        forget: Removes the signed copies of stored files, by their hashes.
        stored: The stored files; those of the workspace's folder by default.
    """

    store: Store
    paths: WorkspacePaths
    catalog: Catalog
    forget: Callable[[Iterable[str]], object]
    stored: ArtifactStore | None = None

    @property
    def artifacts(self) -> ArtifactStore:
        """The stored files."""
        return self.stored or ArtifactStore(self.paths.artifacts)

    def next_slice(self) -> Slice | None:
        """Remove the outputs of the next jobs to delete; return what deletes their rows.

        Returns:
            None if no batch is being deleted.
        """
        with closing(self.store.reader()) as reader:
            batch_id = queries.batch_to_delete(reader)
            batch = read_batch(reader, batch_id) if batch_id is not None else None
            if batch is None:
                return None
            jobs = queries.jobs_to_delete(reader, batch.id, SLICE_JOBS)
            outputs = _OutputRemover(reader, batch, self)
            if not jobs or jobs[0].position == 1:
                outputs.remove_of_batch()
            for job in jobs:
                outputs.remove_of_job(job)
        if jobs:
            ids = [job.id for job in jobs]
            return partial(writes.delete_jobs, batch_id=batch.id, job_ids=ids)
        return partial(writes.delete_rest, batch_id=batch.id)

    def remove_files(self) -> list[str]:
        """Remove freed files that nothing names; return those that are settled.

        Call it only while no step runs in this process: a step may be about to name a file.

        Raises:
            StepError: The object store does not remove them now.
        """
        artifacts, thumbnails = self.artifacts, self.paths.thumbnails
        with contextlib.suppress(IntakeBusy), nothing_taken_in(self.paths.intake_lock):
            with closing(self.store.reader()) as reader:
                free, used = queries.freed_files(reader, SLICE_FILES)
            if free:
                artifacts.remove(free)
                removed = set(free)
                Thumbnails(thumbnails).remove_without(
                    lambda hash_: (
                        hash_ not in removed and (artifacts.is_remote or artifacts.has(hash_))
                    )
                )
                self.forget(free)
            return [*free, *used]
        return []


class _OutputRemover:
    """Remover of a batch's own files below the outputs folder.

    A file belongs to a job if its recipe writes one of that name: the recipe writes the
    job's folder in a temporary place, and files of these names are removed. Others stay.

    Args:
        reader: A connection to read with.
        batch: The batch.
        deletion: Store, folders and recipes.
    """

    def __init__(self, reader: sqlite3.Connection, batch: BatchRow, deletion: Deletion) -> None:
        self._reader = reader
        self._batch = batch
        self._paths = deletion.paths
        self._artifacts = deletion.artifacts
        try:
            self._outputs: Outputs | None = deletion.catalog.recipe(batch.recipe).outputs
        except (KeyError, ImportError, AttributeError):  # not installed: its outputs stay
            self._outputs = None

    def remove_of_job(self, job: JobRow) -> None:
        """Remove the files of a job's folder, and the folder if nothing else is in it."""
        if (
            self._outputs is None
            or self._outputs.write_job is None
            or not self._is_there(job.output)
        ):
            return
        with self._written(self._outputs.write_job, job) as names:
            for name in names:
                self._remove(name)
            self._remove_empty(names, job.output)

    def remove_of_batch(self) -> None:
        """Remove the batch's summary, and what else is exactly as the recipe writes it."""
        if self._outputs is None or self._outputs.write_batch is None:
            return
        if not self._is_there(str(Path(self._batch.summary).parent)):
            return
        with self._written(self._outputs.write_batch, None) as names:
            for name, written in names.items():
                if name == Path(self._batch.summary) or self._is_same(name, written):
                    self._remove(name)
            self._remove_empty(names, self._batch.outputs)

    def _is_there(self, folder: str) -> bool:
        """Return whether a folder is there, below the workspace and behind no link."""
        path = Path(folder)
        if path.is_absolute() or ".." in path.parts:
            return False
        root = self._paths.root
        try:
            refuse_links_below(root, root / path)
        except LinkFound:
            return False
        return (root / path).is_dir()

    @contextlib.contextmanager
    def _written(self, write: Write, job: JobRow | None) -> Iterator[dict[Path, Path]]:
        """Yield the files that a recipe writes, by their names below the workspace."""
        with TemporaryDirectory(prefix="deleting-", dir=self._paths.private) as folder:
            root = Path(folder)
            try:
                write(self._projection(root, job))
            except (ExportError, OSError, ValueError, LookupError) as error:
                log.warning("outputs of b%d are left: %s", self._batch.id, error)
                yield {}
                return
            yield {
                path.relative_to(root): path
                for path in root.rglob("*")
                if path.is_file() and not path.is_symlink()
            }

    def _projection(self, root: Path, job: JobRow | None) -> Projection:
        stored = self._artifacts.stored
        return Projection(
            connection=self._reader,
            batch=self._batch,
            job=job,
            folder=root / (job.output if job else self._batch.outputs),
            root=root,
            artifact=stored,
            preview=Previews(Thumbnails(self._paths.thumbnails), stored),
            formats=("json", "yaml"),
        )

    def _is_same(self, name: Path, written: Path) -> bool:
        path = self._paths.root / name
        try:
            return not path.is_symlink() and filecmp.cmp(path, written, shallow=False)
        except OSError:
            return False

    def _remove(self, name: Path) -> None:
        if self._is_there(str(name.parent)):
            with (
                contextlib.suppress(OSError, ExportError),
                Folder(self._paths.root / name.parent) as f,
            ):
                f.remove(name.name)

    def _remove_empty(self, names: dict[Path, Path], top: str) -> None:
        """Remove folders that are empty now, from the deepest up to `top`."""
        folders = {Path(top)}
        for name in names:
            folders |= {above for above in name.parents if above.is_relative_to(top)}
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
            if self._is_there(str(folder)):
                with contextlib.suppress(OSError):
                    (self._paths.root / folder).rmdir()


def delete_here(deletion: Deletion, write: Callable[[Slice], object]) -> None:
    """Delete all batches that are marked for it; for a holder of the workspace's lock.

    Args:
        deletion: Store, folders and recipes.
        write: Commits one operation.
    """
    while (piece := deletion.next_slice()) is not None:
        write(piece)
    while settled := deletion.remove_files():
        write(partial(writes.forget_freed, hashes=settled))
