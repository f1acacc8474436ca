"""Export of a batch: its folders written again from the store, in place or elsewhere."""

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from db.queries.jobs import all_jobs
from db.rows import JobRow
from engine.contract.folder import ExportError, Folder, read_regular
from engine.contract.outputs import Outputs, Projection
from engine.runtime.outputs_folder import outputs_folder
from engine.text.errors import UserError
from engine.text.folder_names import BATCH_SUMMARY, claim, fold, safe_name

MARKER = ".safelight-export.json"
"""File that names the batch of an export, so that two batches are never mixed."""


class CannotExport(UserError):
    """A batch cannot be exported into that folder, or at all."""


class Exporter:
    """Writer of one batch.

    Args:
        outputs: The outputs of its recipe.
        projection: Data of the batch, for the workspace.
        folder: Target folder, None for the batch's own.
        ratings: Ranks of the ratings of jobs to write, None for all jobs.

    Attributes:
        written: Number of jobs whose folders were written.
        is_complete: True if all jobs of the batch have ended.
    """

    def __init__(
        self,
        outputs: Outputs,
        projection: Projection,
        folder: Path | None,
        ratings: Collection[int] | None = None,
    ) -> None:
        self._outputs = outputs
        self._batch = batch = projection.batch
        self._folder = folder
        self._ratings = ratings
        self._names: set[str] = set()
        if folder is not None:
            alone = replace(batch, outputs="", summary=BATCH_SUMMARY)
            projection = replace(projection, batch=alone, root=folder)
        root = projection.root
        self._whole = replace(projection, folder=root / projection.batch.outputs)
        self.written = 0
        self.is_complete = batch.ended == batch.total

    def write(self) -> list[str]:
        """Write every job's folder and the summary; return the errors, a sentence each.

        Raises:
            CannotExport: The folder holds something else, or the recipe has no results to write.
            LinkFound: There is a link in place of the batch's own folders.
            OutsideWorkspace: They are outside the workspace, and the user has not agreed to it.
            Blocked: The files are to be signed and cannot be.
            OSError: The folder cannot be written.
        """
        if self._outputs.write_job is None:
            raise CannotExport(f"The recipe {self._batch.recipe} writes no results folder.")
        if self._folder is not None:
            self._claim(self._folder)
        else:
            self._refuse_elsewhere()
        problems = list(self._write_jobs())
        if self._outputs.write_batch is not None and self.is_complete and self._ratings is None:
            self._outputs.write_batch(self._whole)
        return problems

    def _refuse_elsewhere(self) -> None:
        """Refuse a batch that would write outside the workspace without the user's consent."""
        root, batch = self._whole.root, self._batch
        outputs_folder(root, batch.outputs)
        outputs_folder(root, str(Path(batch.summary).parent))

    def _write_jobs(self) -> Iterator[str]:
        for job in all_jobs(self._whole.connection, self._batch.id):
            if self._ratings is not None and job.rating not in self._ratings:
                continue
            projection = self._projection_of_job(job)
            try:
                if self._outputs.write_job is not None:
                    self._outputs.write_job(projection)
                self.written += 1
            except ExportError as error:
                yield f"{error}."

    def _projection_of_job(self, job: JobRow) -> Projection:
        whole = self._whole
        if self._folder is None:
            return replace(whole, job=job, folder=outputs_folder(whole.root, job.output))
        # Alone in its folder, a batch's jobs need not make way for another's.
        name = claim(safe_name(job.key), lambda free: fold(free) in self._names)
        self._names.add(fold(name))
        return replace(whole, job=replace(job, output=name), folder=whole.root / name)

    def _claim(self, folder: Path) -> None:
        """Claim the folder for this batch, or refuse it."""
        mark = {"batch": self._batch.name, "created_at": self._batch.created_at}
        with Folder(folder) as target:
            if target.names() and _marked(folder) != mark:
                raise CannotExport(
                    f"{folder} is not empty and not an export of b{self._batch.id};"
                    " name a new or an empty folder."
                )
            target.put(MARKER, json.dumps(mark).encode())


def _marked(folder: Path) -> object:
    try:
        return json.loads(read_regular(folder / MARKER, 65_536))
    except (OSError, ExportError, ValueError):
        return None
