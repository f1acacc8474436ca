"""`safelight export`: write the results of a batch from the store."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import click

from db.queries.jobs import all_jobs
from db.rating import ranks_of
from db.rows import BatchRow, JobRow
from engine.cli import render
from engine.cli.doors import remote_door
from engine.cli.options import workspace_option
from engine.cli.trouble import FAILED, CliError
from engine.client.ids import batch_name, find_batch
from engine.client.workspace import Workspace
from engine.config.trust.guard import outputs_folder
from engine.contract.folder import ExportError, Folder, read_regular
from engine.contract.outputs import Projection
from engine.text.folder_names import BATCH_SUMMARY, claim, fold, safe_name
from engine.text.plural import pluralize

MARKER = ".safelight-export.json"
"""File that names the batch of an export, so that two batches are never mixed."""


@click.command()
@click.argument("batch")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--rating", help="Only jobs rated like this: 4, keep, reject, '>=4'.")
@click.option("--min-rating", type=click.IntRange(1, 5), help="Only jobs rated so or better.")
@workspace_option
def export(
    workspace: Path,
    batch: str,
    folder: Path | None,
    rating: str | None,
    min_rating: int | None,
) -> int:
    """Write the results of BATCH to DIR: a new or empty folder, or an earlier export of it.

    Without DIR, the batch's folders under outputs are written again in place. Ratings are written
    with the results; `keep` is better than 5. With some jobs only, no summary is written. With
    --server, each job's files and its job.json are written to DIR, by default one of its name here.
    """
    if remote := remote_door():
        from engine.cli.remote.jobs import export_there

        if rating or min_rating:
            raise click.UsageError("A server's results are written whole; leave out the ratings.")
        return export_there(remote, batch, folder)
    ratings = _ratings(rating, min_rating)
    opened = Workspace(workspace)
    with opened.reading() as connection:
        row = find_batch(connection, batch)
        try:
            exporter = Exporter(opened, connection, row, folder, ratings)
            written, problems = exporter.write()
        except OSError as error:
            raise CliError(f"{error.filename or folder}: {error.strerror}.") from error
    for problem in problems:
        click.echo(render.shown(problem, None).plain, err=True)
    where = folder or opened.shown_root / row.outputs
    render.say(f"Wrote {pluralize(written, 'job')} of {batch_name(row.id)} to {where}.")
    if not exporter.is_complete and ratings is None:
        render.say(f"{BATCH_SUMMARY} is written once the batch has ended.")
    return FAILED if problems else 0


class Exporter:
    """Writer of one batch.

    Args:
        workspace: Its workspace.
        connection: A read-only connection.
        batch: The batch.
        folder: Target folder, None for the batch's own.
        ratings: Ranks of the ratings of jobs to write, None for all jobs.
    """

    def __init__(
        self,
        workspace: Workspace,
        connection: sqlite3.Connection,
        batch: BatchRow,
        folder: Path | None,
        ratings: Collection[int] | None = None,
    ) -> None:
        self._ratings = ratings
        self._workspace = workspace
        self._connection = connection
        self._batch = batch
        self._folder = folder
        self._written = 0
        self._names: set[str] = set()
        self._artifacts = workspace.artifacts
        self._outputs = workspace.catalog.recipe(batch.recipe).outputs

    @property
    def is_complete(self) -> bool:
        """True if all jobs of the batch have ended."""
        return self._batch.ended == self._batch.total

    def write(self) -> tuple[int, list[str]]:
        """Write every job's folder and the summary; return their number and the errors.

        Raises:
            CliError: The folder holds something else, or the recipe has no results to write.
            LinkFound: There is a link in place of the batch's own folders.
            OutsideWorkspace: They are outside the workspace, and the user has not agreed to it.
            Blocked: The files are to be signed and cannot be.
            OSError: The folder cannot be written.
        """
        if self._outputs.write_job is None:
            raise CliError(f"The recipe {self._batch.recipe} writes no results folder.")
        if self._folder is not None:
            self._claim(self._folder)
        else:
            self._refuse_elsewhere()
        problems = list(self._write_jobs())
        if self._outputs.write_batch is not None and self.is_complete and self._ratings is None:
            self._outputs.write_batch(self._projection_of_batch())
        return self._written, problems

    def _refuse_elsewhere(self) -> None:
        """Refuse a batch that would write outside the workspace without the user's consent."""
        root, batch = self._workspace.paths.root, self._batch
        outputs_folder(root, batch.outputs)
        outputs_folder(root, str(Path(batch.summary).parent))

    def _write_jobs(self) -> Iterator[str]:
        for job in all_jobs(self._connection, self._batch.id):
            if self._ratings is not None and job.rating not in self._ratings:
                continue
            projection = self._projection_of_job(job)
            try:
                if self._outputs.write_job is not None:
                    self._outputs.write_job(projection)
                self._written += 1
            except ExportError as error:
                yield f"{error}."

    def _projection_of_job(self, job: JobRow) -> Projection:
        whole = self._projection_of_batch()
        if self._folder is None:
            return replace(whole, job=job, folder=outputs_folder(whole.root, job.output))
        # Alone in its folder, a batch's jobs need not make way for another's.
        name = claim(safe_name(job.key), lambda free: fold(free) in self._names)
        self._names.add(fold(name))
        return replace(whole, job=replace(job, output=name), folder=whole.root / name)

    def _projection_of_batch(self) -> Projection:
        root, batch = self._workspace.paths.root, self._batch
        if self._folder is not None:
            root, batch = self._folder, replace(batch, outputs="", summary=BATCH_SUMMARY)
        return Projection(
            connection=self._connection,
            batch=batch,
            job=None,
            folder=root / batch.outputs,
            root=root,
            artifact=self._artifacts.stored,
            preview=self._workspace.previews(self._artifacts),
            formats=self._workspace.settings.outputs.formats,
            publisher=self._workspace.signing.publisher(self._connection),
        )

    def _claim(self, folder: Path) -> None:
        """Claim the folder for this batch, or refuse it."""
        mark = {"batch": self._batch.name, "created_at": self._batch.created_at}
        with Folder(folder) as target:
            if target.names() and _marked(folder) != mark:
                raise CliError(
                    f"{folder} is not empty and not an export of {batch_name(self._batch.id)};"
                    " name a new or an empty folder."
                )
            target.put(MARKER, json.dumps(mark).encode())


def _ratings(rating: str | None, min_rating: int | None) -> frozenset[int] | None:
    """Return the ranks that both options accept; None without them."""
    accepted = ranks_of(f">={min_rating}") if min_rating else None
    if rating is None:
        return accepted
    named = ranks_of(rating)
    if named is None:
        raise click.BadParameter("1 to 5, keep, reject, or >=4, <3.", param_hint="--rating")
    return named if accepted is None else named & accepted


def _marked(folder: Path) -> object:
    try:
        return json.loads(read_regular(folder / MARKER, 65_536))
    except (OSError, ExportError, ValueError):
        return None
