"""Export of a batch from the store: to a folder, or in place."""

import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from db.rows import BatchRow
from engine.client.opened import OpenedWorkspace
from engine.contract.outputs import Projection
from engine.runtime.exporting import Exporter


class Exported(NamedTuple):
    """Result of an export.

    Attributes:
        jobs: Number of jobs that were written.
        problems: Errors of single jobs, a sentence each.
        is_complete: True if all jobs of the batch have ended, so that its summary is written.
    """

    jobs: int
    problems: list[str]
    is_complete: bool


def export_batch(
    workspace: OpenedWorkspace,
    connection: sqlite3.Connection,
    batch: BatchRow,
    folder: Path | None = None,
    ratings: Collection[int] | None = None,
) -> Exported:
    """Write the results of a batch.

    Args:
        workspace: The workspace.
        connection: A reader.
        batch: The batch.
        folder: A new or empty folder, or an earlier export of it; None for the batch's own.
        ratings: Ranks of the ratings of jobs to write, None for all jobs.

    Raises:
        UserError: The folder holds something else, or the recipe has no results to write.
        LinkFound: There is a link in place of the batch's own folders.
        OutsideWorkspace: They are outside the workspace, and the user has not agreed to it.
        Blocked: The files are to be signed and cannot be.
        OSError: The folder cannot be written.
    """
    files, root = workspace.artifacts, workspace.paths.root
    whole = Projection(
        connection=connection,
        batch=batch,
        job=None,
        folder=root / batch.outputs,
        root=root,
        artifact=files.stored,
        preview=workspace.previews(files),
        formats=workspace.settings.outputs.formats,
        publisher=workspace.signing.publisher(connection),
    )
    exporter = Exporter(workspace.catalog.recipe(batch.recipe).outputs, whole, folder, ratings)
    problems = exporter.write()
    return Exported(exporter.written, problems, exporter.is_complete)
