"""Import of a folder of results as a batch that has ended."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from db.errors import LinkFound
from db.queries.batches import batch as read_batch
from engine.client.exporting import export_batch
from engine.client.ids import batch_name, renamed
from engine.client.opened import OpenedWorkspace
from engine.queueing.import_results import SkippedItem, import_folder, import_tree
from engine.text.plural import pluralize

RECIPE = "refine"
"""Recipe whose results can be read back."""

_SHOWN = 100


class ImportedBatch(NamedTuple):
    """A batch after its import.

    Attributes:
        batch: Its id.
        jobs: Number of its jobs.
        note: Sentence about a changed name; empty if it has the requested one.
        is_whole: False if something of a job was left out.
        warnings: What was left out, and outputs that could not be written, a sentence each.
    """

    batch: str
    jobs: int
    note: str
    is_whole: bool
    warnings: tuple[str, ...]


def import_results(workspace: OpenedWorkspace, folder: Path, name: str = "") -> ImportedBatch:
    """Import results that Safelight or an older script wrote; the folder is not changed.

    Args:
        workspace: The workspace.
        folder: `outputs`, `outputs/results`, or the folder of one batch or job.
        name: Name of the batch; by default the folder's.

    Raises:
        UserError: It holds no results.
    """
    recipe = workspace.catalog.recipe(RECIPE)
    results = import_folder(workspace.paths.root, workspace.settings, recipe)
    done = import_tree(workspace.paths, workspace.store, recipe, results, folder, name)
    warnings = (*_left_out(done.left), *_write_outputs(workspace, done.batch_id))
    with workspace.reading() as connection:
        note = renamed(connection, done.batch_id, done.wanted_name)
    return ImportedBatch(batch_name(done.batch_id), done.jobs, note, not done.left, warnings)


def _left_out(left: SkippedItem) -> Iterator[str]:
    for problem in left.problems[:_SHOWN]:
        yield f"{problem.path} {problem.message}"
    for name, (count, path) in islice(left.fields.items(), _SHOWN):
        where = f"{path}" + (f" and {pluralize(count - 1, 'more file')}" if count > 1 else "")
        yield f"{where} has an unknown field {name}"
    if left.problems:
        yield f"{pluralize(len(left.problems), 'thing was', 'things were')} left out."
    if left.fields:
        yield f"{pluralize(len(left.fields), 'field was', 'fields were')} left out."
    if left.others:
        yield f"{pluralize(left.others, 'other file was', 'other files were')} not read."


def _write_outputs(workspace: OpenedWorkspace, batch_id: int) -> list[str]:
    """Write the batch's own folders; they are a projection, so an error here loses nothing."""
    with workspace.reading() as connection:
        imported = read_batch(connection, batch_id)
        if imported is None:
            return []
        try:
            return export_batch(workspace, connection, imported).problems
        except (OSError, LinkFound) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
            later = f"Later: safelight export {batch_name(batch_id)}"
            return [f"Outputs could not be written: {reason}.", later]
