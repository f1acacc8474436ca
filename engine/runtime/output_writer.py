"""Writer of the folders that people read, with its own thread and connection."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from db.errors import LinkFound
from db.queries import batches, jobs
from db.rows import BatchRow, JobRow
from db.store import Store
from engine.config.output_settings import OutputSettings
from engine.config.paths import WorkspacePaths
from engine.contract import Blocked, Permanent
from engine.contract.folder import ExportError
from engine.contract.outputs import Projection
from engine.contract.recipe import AnyRecipe
from engine.kinds.thumbnails import Previews, Thumbnails
from engine.runtime.outputs_folder import outputs_folder
from engine.runtime.signing import Signing
from engine.runtime.step.job_state import JobState

log = logging.getLogger(__name__)


class OutputWriter:
    """Call recipes' writers of outputs with the present content of the store.

    Args:
        store: The store.
        paths: The workspace's places.
        artifact: Path of the stored file of a hash.
        settings: Settings of outputs.
        signing: Signs what is written, if the workspace's settings ask for it.
    """

    def __init__(
        self,
        store: Store,
        paths: WorkspacePaths,
        artifact: Callable[[str], Path],
        settings: OutputSettings,
        signing: Signing,
    ) -> None:
        self._store = store
        self._paths = paths
        self._artifact = artifact
        self._preview = Previews(Thumbnails(paths.thumbnails), artifact)
        self.settings = settings
        self.signing = signing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outputs")
        self._connection: sqlite3.Connection | None = None
        self._scheduled: set[int] = set()
        self._allowed: set[Path] = set()

    async def check(self, recipe: AnyRecipe) -> None:
        """Check that what a recipe's jobs write can be signed, before anything is generated.

        Raises:
            Blocked: It is to be signed and cannot be.
        """
        if recipe.outputs.write_job is not None and self.signing.is_on:
            await asyncio.to_thread(self.signing.check)

    async def project(self, run: JobState, **ending: Any) -> None:
        """Update a job's folder, before its end is written.

        Args:
            run: The job's run.
            **ending: Columns of the job as they are going to be: `state`, `result`, and so on.

        Raises:
            Blocked: The folder cannot be written, or its files cannot be signed.
        """
        recipe: AnyRecipe = run.recipe
        if recipe.outputs.write_job is None:
            return
        loop = asyncio.get_running_loop()
        try:
            project = partial(self._project_job, recipe, run.job.id, {**ending, "stage": None})
            await loop.run_in_executor(self._thread, project)
        except LinkFound as error:
            raise _elsewhere(error) from error
        except OSError as error:
            raise _unwritable(error, "; the job then resumes automatically") from error
        except ExportError as error:
            raise Permanent(f"{error}.", remedy="Restore the file, or retry the job.") from error

    def schedule(self, run: JobState) -> None:
        """Update a job's folder soon; errors are reported when the job ends."""
        job_id, recipe = run.job.id, run.recipe
        if recipe.outputs.write_job is None or job_id in self._scheduled:
            return
        self._scheduled.add(job_id)
        self._thread.submit(self._project_soon, run.recipe, job_id)

    def refresh_outputs(self, run: JobState) -> None:
        """Update the folder of a job that waits again, if it already has one."""
        if (self._paths.root / run.job.output).exists():
            self.schedule(run)

    async def finish(self, recipe: AnyRecipe, batch_id: int) -> None:
        """Run a recipe's last step for a batch.

        Raises:
            Blocked: The folder cannot be written.
            ExportError: It holds something that is not to be overwritten.
        """
        if recipe.outputs.write_batch is None:
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._finish_batch, recipe, batch_id)
        except LinkFound as error:
            raise _elsewhere(error) from error
        except OSError as error:
            raise _unwritable(error) from error

    async def write_progress(self, recipe: AnyRecipe, batch_id: int, ended: int) -> None:
        """Write a batch's progress output after a number of jobs that have ended."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._write_progress, recipe, batch_id, ended)

    def forget_signed(self, artifacts: Iterable[str]) -> None:
        """Remove the signed copies of stored files that are deleted, by their hashes."""
        self.signing.forget(artifacts)

    async def close(self) -> None:
        """End the thread once it has finished its work."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._disconnect)
        await asyncio.to_thread(self._thread.shutdown)

    def _project_soon(self, recipe: AnyRecipe, job_id: int) -> None:
        self._scheduled.discard(job_id)
        try:
            self._project_job(recipe, job_id, {})
        except Exception as error:  # noqa: BLE001 - the job's end does it again and reports
            log.warning("outputs of job j%d: %s", job_id, error)

    def _project_job(self, recipe: AnyRecipe, job_id: int, ending: dict[str, Any]) -> None:
        connection = self._connect()
        job = jobs.job(connection, job_id)
        batch = batches.batch(connection, job.batch_id) if job else None
        write = recipe.outputs.write_job
        if job is None or batch is None or write is None:
            return
        job = replace(job, **ending)
        write(self._projection(batch, self._folder(job.output), job))

    def _finish_batch(self, recipe: AnyRecipe, batch_id: int) -> None:
        connection = self._connect()
        batch = batches.batch(connection, batch_id)
        write = recipe.outputs.write_batch
        if batch is None or write is None:
            return
        for job in jobs.cancelled_in_the_middle(connection, batch_id):
            if (self._paths.root / job.output).exists():  # it still says how far the job was
                self._project_soon(recipe, job.id)
        folder = self._folder(batch.outputs)
        self._folder(str(Path(batch.summary).parent))
        write(self._projection(batch, folder))

    def _write_progress(self, recipe: AnyRecipe, batch_id: int, ended: int) -> None:
        connection = self._connect()
        batch = batches.batch(connection, batch_id)
        write = recipe.outputs.write_progress
        if batch is None or write is None:
            return
        folder = self._folder(str(Path(batch.summary).parent))
        write(self._projection(batch, folder, ended=ended))

    def _projection(
        self, batch: BatchRow, folder: Path, job: JobRow | None = None, ended: int = 0
    ) -> Projection:
        return Projection(
            connection=self._connect(),
            batch=batch,
            job=job,
            folder=folder,
            root=self._paths.root,
            artifact=self._artifact,
            preview=self._preview,
            formats=self.settings.formats,
            ended=ended,
            publisher=self.signing.publisher(self._connect()),
        )

    def _folder(self, output: str) -> Path:
        """A folder of outputs.

        Raises:
            LinkFound: A part of it below the workspace is a link.
            OutsideWorkspace: It is outside the workspace, and the user has not trusted it.
        """
        return outputs_folder(self._paths.root, output, self._allowed)

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._store.reader()
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _elsewhere(error: LinkFound) -> Blocked:
    return Blocked(
        str(error),
        reason="disk",
        remedy="For outputs in another place, set outputs.folder or give --output-dir.",
    )


def _unwritable(error: OSError, then: str = "") -> Blocked:
    where = f" ({error.filename})" if error.filename else ""
    return Blocked(
        f"Outputs cannot be written: {error.strerror or error}{where}.",
        reason="disk",
        remedy=f"Free disk space or restore write permission{then}.",
    )
